"""gensim's own files of vectors (``.kv``), which are Python pickles: read without running any code.

A pickle can name any function and have it called. This reader knows a dozen names, those that
gensim's word vectors and NumPy's plain arrays need, and refuses every other one.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from rag_app.embeddings.base import Vectors
from rag_app.embeddings.vector_files import VectorFileError

_OWN = ("KeyedVectors", "Word2VecKeyedVectors", "EuclideanKeyedVectors", "Vocab", "CompatVocab")
_ARRAYS = ("_reconstruct", "_frombuffer", "scalar", "ndarray", "dtype", "float32", "int64")
_REFUSED = (
    "is a Python pickle of something else than word vectors, and is not opened. Save the vectors "
    "in gensim with KeyedVectors.save, or with save_word2vec_format"
)


class _Plain:
    """Stands for gensim's objects: holds their attributes and has no methods of theirs."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - the library's type
        package = module.partition(".")[0]
        if package == "gensim" and name in _OWN:
            return _Plain
        if package == "numpy" and name in _ARRAYS:
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        if (module, name) == ("_codecs", "encode"):  # how old protocols write bytes
            return super().find_class(module, name)
        raise VectorFileError(_REFUSED)


def read_keyed_vectors(path: Path) -> tuple[list[str], Vectors]:
    """Words and vectors of a file that ``KeyedVectors.save`` wrote.

    Raises:
        VectorFileError: It is another pickle, damaged, or its file of arrays is missing.
        OSError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            found = vars(_Reader(file).load())
        words = found.get("index_to_key") or found["index2word"]
        vectors = found.get("vectors")
        if vectors is None:  # large arrays lie beside, as NumPy's plain ones
            vectors = np.load(f"{path}.vectors.npy", mmap_mode="r", allow_pickle=False)
        vectors = np.asarray(vectors, np.float32)
    except FileNotFoundError as error:
        raise VectorFileError(
            f"needs {Path(error.filename).name} beside it, which is not there. Copy that as well"
        ) from error
    except VectorFileError:
        raise
    except Exception as error:  # one untrusted file: a damaged pickle can fail in any way
        raise VectorFileError(
            f"is no file of gensim's word vectors, or damaged ({error})"
        ) from error
    if vectors.ndim != 2 or len(words) != len(vectors) or not len(words):
        raise VectorFileError(f"has {len(words)} words and vectors of shape {vectors.shape}")
    return [str(word) for word in words], vectors
