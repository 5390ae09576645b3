"""What all models with a vocabulary share: words in, one vector out, unknown words counted."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from rag_app.embeddings.base import IdentifiedEmbeddings, UnknownWords, Vectors
from rag_app.embeddings.words import count_words, folded_words, read_words
from rag_app.types import EmbeddingIdentity

_EXAMPLES = 5


class VocabularyEmbeddings(IdentifiedEmbeddings):
    """Embeds a text by its words; each text by itself, so that a batch changes nothing.

    A text without any known word gets the zero vector, which matches nothing.
    """

    _identity: EmbeddingIdentity
    _read: Callable[[str, int], list[str]] = staticmethod(read_words)

    def change_reading(
        self, read: Callable[[str, int], list[str]], identity: EmbeddingIdentity
    ) -> None:
        """Has it read other words of a text than all, under another identity."""
        self._read, self._identity = read, identity

    @abstractmethod
    def _knows(self, word: str) -> bool:
        """Whether the model has a vector for ``word``."""

    @abstractmethod
    def _vector_of(self, words: Sequence[str]) -> Vectors:
        """The vector of a text, of any length; shape (dimension,)."""

    def _embed(self, texts: Sequence[str]) -> Vectors:
        limit = self.identity.max_tokens
        with self._encoding():
            rows = [scaled(self._vector_of(self._read(text, limit))) for text in texts]
        return np.stack(rows)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words of each text, known or not."""
        return [count_words(text) for text in texts]

    def count_unknown(self, texts: Sequence[str]) -> UnknownWords:
        """Words of ``texts`` that it has no vector for."""
        total = blank = 0
        unknown: Counter[str] = Counter()
        for text in texts:
            found = self._read(text, self.identity.max_tokens)
            strange = [word for word in found if not self._knows(word)]
            total += len(found)
            blank += len(strange) == len(found)
            unknown.update(strange)
        examples = tuple(word for word, _ in unknown.most_common(_EXAMPLES))
        return UnknownWords(total, unknown.total(), len(texts), blank, examples)

    def word_vector(self, word: str) -> Vectors | None:
        """The vector of one word, of length 1; None if the model does not know it."""
        parts = folded_words(word)
        if len(parts) != 1 or not self._knows(parts[0]):
            return None
        return scaled(self._vector_of(parts))


def scaled(vector: Vectors) -> Vectors:
    """``vector`` with length 1; the zero vector stays as it is."""
    wide = np.asarray(vector, np.float64)
    length = float(np.linalg.norm(wide))
    # What is left of a vector after a subtraction may be nothing but rounding.
    return (wide / length if length > 1e-12 else np.zeros_like(wide)).astype(np.float32)
