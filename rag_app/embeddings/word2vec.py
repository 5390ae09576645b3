"""Word2Vec (Mikolov et al. 2013), trained on the user's own text or loaded from a file.

``rag models train word2vec`` trains skip-gram (``sg=1``) or CBOW (``sg=0``) with negative
sampling. Options: ``dimension`` (100), ``window`` (10), ``epochs`` (20, fewer for more than a
million words), ``min_count`` (2), ``weighting`` (``sif`` or ``mean``).

``word2vec:/path`` reads a file of word vectors: word2vec's ``.bin``, text (``.txt``, ``.vec``) or
gensim's ``.kv``. Loading needs no gensim.

Measured, trained on the set's own text (one thread, on 2 shared cores), dense nDCG@10: skip-gram
0.305 on Cranfield (a quarter of a million words, 20 s) and 0.501 on SciFact (1.1 million, 134 s);
on Cranfield with window 5 0.291, with 10 epochs 0.250 at that window; CBOW 0.224 in 4 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rag_app.embeddings import gensim_training as training
from rag_app.embeddings.gensim_files import read_keyed_vectors
from rag_app.embeddings.model_files import looks_like_file, open_model
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.embeddings.trained import Progress, statuses
from rag_app.embeddings.vector_cache import converted
from rag_app.embeddings.vector_files import PICKLE, read_vectors
from rag_app.embeddings.word_matrix import MatrixWriter, WordMatrix
from rag_app.embeddings.word_vectors import WordVectors, weighting_of
from rag_app.settings import Settings


def load(spec: ModelSpec, settings: Settings) -> WordVectors:
    """Loads a trained model, or a file of vectors.

    Raises:
        UsageError: An unknown option.
        EmbeddingError: There is no such model or file, or it is not what it should be.
    """
    if looks_like_file(spec.model):
        return from_file(spec, settings)
    saved = open_model(spec, settings, "weighting")
    matrix = WordMatrix.read(saved.folder)
    weighting = weighting_of(spec, saved.options.get("weighting", "sif"))
    model = WordVectors(str(spec), matrix, saved.fingerprint, weighting)
    model.disk_bytes = saved.disk_bytes
    return model


def from_file(spec: ModelSpec, settings: Settings) -> WordVectors:
    """Loads any file of words and vectors; read once, mapped into memory afterwards.

    Raises:
        UsageError: An unknown option.
        EmbeddingError: There is no such file, or it is not what it should be.
    """
    spec.allow("weighting")
    weighting = weighting_of(spec)
    folder, note = converted(Path(spec.model), "vectors", _convert, settings)
    path = str(Path(spec.model).expanduser().resolve())
    matrix = WordMatrix.read(folder)
    model = WordVectors(str(replace(spec, model=path)), matrix, note["sha256"], weighting)
    model.disk_bytes = note["bytes"]
    return model


def _convert(path: Path, folder: Path) -> dict[str, object]:
    with MatrixWriter(folder) as writer:
        with path.open("rb") as file:
            pickled = file.read(1) == PICKLE
        if pickled:
            writer.add(*read_keyed_vectors(path))
        else:
            read_vectors(path, writer)
        writer.finish()
    return {}


def models(settings: Settings) -> list[ModelStatus]:
    """The kind, the trained ones, and that files can be read."""
    state = "needs a fit" if training.has_gensim() else f"needs extra {training.EXTRA}"
    file = ModelStatus("word2vec:PATH", "ready", note="a file of word vectors: .bin, .txt, .kv")
    note = "word vectors trained on your texts"
    return [*statuses("word2vec", note, settings, state), file]


def fit(
    spec: ModelSpec, texts: Sequence[str], folder: Path, progress: Progress | None
) -> dict[str, object]:
    """Trains on ``texts``.

    Raises:
        UsageError: An unknown option, or a value out of range.
        MissingExtraError: gensim is not installed.
        EmbeddingError: There is too little text.
    """
    training.check_options(spec)
    training.require_gensim(spec)
    sentences = training.sentences_of(spec, texts)
    from gensim.models import Word2Vec

    model = training.trained(Word2Vec, spec, sentences, progress)
    return {"words": sentences.total, **training.save_words(model, folder)}
