"""The one base class of embedding models: a LangChain ``Embeddings`` that knows its identity."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import cast

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from rag_app.errors import EmbeddingError
from rag_app.types import EmbeddingIdentity

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class UnknownWords:
    """How much of some texts a model with a vocabulary does not know.

    Attributes:
        words: Words in all texts together.
        unknown: Those of them that the model has no vector for.
        texts: Number of texts.
        blank: Texts without any known word; their vectors are zero and match nothing.
        examples: The most frequent unknown words.
    """

    words: int
    unknown: int
    texts: int
    blank: int
    examples: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Unknown words among all, from 0 to 1."""
        return self.unknown / self.words if self.words else 0.0


class IdentifiedEmbeddings(Embeddings):
    """Embeddings that say which vectors they make, and measure text in their own tokens.

    A provider implements ``identity``, ``_embed`` and ``count_tokens``; this class guards, adds
    prefixes, and checks what comes back, so that a wrong dimension is an error and never a crash
    in the store. Several threads may use one object.
    """

    destination: str | None = None
    """Host that receives the text; None when it stays on this machine."""

    languages: tuple[str, ...] | None = None
    """ISO 639-1 codes of the languages that it was made for; None where that is not known."""

    disk_bytes: int | None = None
    """What its files take on this machine; None where it has none or they are not known."""

    encoder_seconds: float = 0.0
    """Seconds spent inside the model so far (or waiting for its server), all calls together."""

    _seconds_lock = Lock()

    @property
    @abstractmethod
    def identity(self) -> EmbeddingIdentity:
        """What makes these vectors comparable with others."""

    @abstractmethod
    def _embed(self, texts: Sequence[str]) -> Vectors:
        """Embeds non-empty ``texts`` in the given order; float32 of shape (n, dimension)."""

    @abstractmethod
    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens that the model would read of each passage, were there no limit.

        Special tokens and the document prefix are counted.
        """

    def _embed_query(self, text: str) -> Vectors:
        """Embeds one question; shape (1, dimension). For models that treat questions otherwise."""
        return self._embed([text])

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Embeds passages.

        Returns:
            float32 of shape (n, dimension), in the order given.

        Raises:
            EmbeddingError: The model does not answer, or answers with other shapes.
        """
        identity = self.identity
        if not texts:
            return np.empty((0, identity.dimension), dtype=np.float32)
        # An empty text has no tokens for some models; a space gives every one of them something.
        return self._checked(
            self._embed([identity.document_prefix + text or " " for text in texts]), len(texts)
        )

    def encode_query(self, text: str) -> Vectors:
        """Embeds a question: float32 of shape (dimension,)."""
        vectors = self._embed_query(self.identity.query_prefix + text or " ")
        return cast("Vectors", self._checked(vectors, 1)[0])

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """LangChain's form of ``encode_documents``."""
        return cast("list[list[float]]", self.encode_documents(texts).tolist())

    def embed_query(self, text: str) -> list[float]:
        """LangChain's form of ``encode_query``."""
        return cast("list[float]", self.encode_query(text).tolist())

    def count_unknown(self, texts: Sequence[str]) -> UnknownWords | None:
        """Words that it has no vector for; None for a model that reads any text."""
        del texts
        return None

    def word_vector(self, word: str) -> Vectors | None:
        """The vector of one word, of shape (dimension,); None if the model does not know it."""
        return cast("Vectors", self.encode_documents([word])[0])

    def close(self) -> None:
        """Lets go of files and connections. The object cannot be used afterwards."""

    def _checked(self, vectors: Vectors, count: int) -> Vectors:
        identity = self.identity
        vectors = np.asarray(vectors, np.float32)
        if vectors.shape != (count, identity.dimension):
            raise EmbeddingError(
                f"{identity.spec} gave vectors of shape {vectors.shape} where "
                f"({count}, {identity.dimension}) was expected. The model behind this name "
                "may have changed: build the collection again under a new name."
            )
        if not np.isfinite(vectors).all():
            raise EmbeddingError(
                f"{identity.spec} gave a vector that is not finite. The model's files may be "
                "damaged: install it again, or choose another model."
            )
        return vectors

    @contextmanager
    def _encoding(self) -> Iterator[None]:
        """Adds the time of its block to ``encoder_seconds``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            with self._seconds_lock:
                self.encoder_seconds += time.perf_counter() - start
