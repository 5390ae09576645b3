"""Passages are embedded once: a cache of vectors by model identity and text.

Only passages are kept, never questions. A changed chunking, a second collection or an interrupted
run finds the vectors of every passage that it has in common with an earlier one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from rag_app.embeddings.base import IdentifiedEmbeddings, UnknownWords, Vectors
from rag_app.embeddings.vectors import VectorFile
from rag_app.settings import Settings
from rag_app.types import EmbeddingIdentity

FILE_NAME = "vectors.sqlite3"
_NOT_OF_PASSAGES = ("spec", "query_prefix")
"""Parts of an identity that do not change the vector of a passage."""


class CachedEmbeddings(IdentifiedEmbeddings):
    """A model whose passages are looked up before they are embedded.

    Attributes:
        hits: Passages found so far.
        misses: Passages embedded so far.
    """

    def __init__(self, embeddings: IdentifiedEmbeddings, file: VectorFile) -> None:
        self._inner = embeddings
        self._file = file
        self._salt = _digest_of(embeddings.identity)
        self.destination = embeddings.destination
        self.languages = embeddings.languages
        self.disk_bytes = embeddings.disk_bytes
        self.hits = 0
        self.misses = 0

    @property
    def identity(self) -> EmbeddingIdentity:
        """The model's own."""
        return self._inner.identity

    @property
    def encoder_seconds(self) -> float:  # type: ignore[override]
        """The model's own: looking up costs it nothing."""
        return self._inner.encoder_seconds

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The model's own."""
        return self._inner.count_tokens(texts)

    def count_unknown(self, texts: Sequence[str]) -> UnknownWords | None:
        """The model's own."""
        return self._inner.count_unknown(texts)

    def word_vector(self, word: str) -> Vectors | None:
        """The model's own."""
        return self._inner.word_vector(word)

    def encode_query(self, text: str) -> Vectors:
        """The model's own; questions are not kept."""
        return self._inner.encode_query(text)

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Embeds passages, each distinct one at most once; see the base class."""
        if not texts:
            return self._inner.encode_documents(texts)
        keys = [self._key(text) for text in texts]
        found = self._file.get(list(dict.fromkeys(keys)), self.identity.dimension)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            vectors = self._inner.encode_documents(list(missing.values()))
            fresh = dict(zip(missing, vectors, strict=True))
            self._file.put(fresh)
            found |= fresh
        self.misses += len(missing)
        self.hits += len(texts) - len(missing)
        return np.stack([found[key] for key in keys])

    def known(self, texts: Sequence[str]) -> int:
        """How many of the texts are in the cache, and would cost nothing."""
        keys = [self._key(text) for text in texts]
        found = self._file.get(list(dict.fromkeys(keys)), self.identity.dimension)
        return sum(key in found for key in keys)

    def prune(self, keep_bytes: int = 0) -> int:
        """Drops the oldest vectors of all models; returns how many."""
        return self._file.prune(keep_bytes)

    def close(self) -> None:
        """Closes the file and the model."""
        self._file.close()
        self._inner.close()

    def _embed(self, texts: Sequence[str]) -> Vectors:
        return self._inner._embed(texts)  # noqa: SLF001 - the same class

    def _key(self, text: str) -> bytes:
        # A lone surrogate cannot be UTF-8, but a broken document may hold one.
        return hashlib.sha256(self._salt + text.encode("utf-8", "surrogatepass")).digest()


def cached(embeddings: IdentifiedEmbeddings, settings: Settings) -> CachedEmbeddings:
    """Wraps ``embeddings`` with the cache in ``settings.cache``."""
    return CachedEmbeddings(embeddings, vector_file(settings))


def vector_file(settings: Settings) -> VectorFile:
    """The cache's file, for ``prune``."""
    return VectorFile(settings.cache / FILE_NAME)


def _digest_of(identity: EmbeddingIdentity) -> bytes:
    parts = {key: value for key, value in asdict(identity).items() if key not in _NOT_OF_PASSAGES}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()
