"""Sentence vectors from word vectors, for Word2Vec, FastText and GloVe alike.

``weighting=sif`` (the default) is smooth inverse frequency (Arora, Liang and Ma 2017): a word
counts a / (a + p), p being its share of all words, and the direction that all texts have in common
is taken out. That direction is the first principal component of the vocabulary, each word as heavy
as texts make it: it is a property of the model, never of a batch, and a file of vectors has it as
well. ``weighting=mean`` is the plain average.

Measured, dense nDCG@10 on Cranfield and SciFact:

=============================================  ============  ============
                                               GloVe 6B 50d  trained
=============================================  ============  ============
plain average                                  0.111  0.135  0.314  0.476
SIF, nothing taken out                         0.138  0.183  0.302  0.509
SIF, the first component of the texts          0.138  0.182  0.307  0.501
SIF, the first component of the vocabulary     0.150  0.213  0.305  0.501
=============================================  ============  ============

"Trained" is a skip-gram model of the set's own texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from rag_app.embeddings.base import Vectors
from rag_app.embeddings.spec import ModelSpec
from rag_app.embeddings.vocabulary import VocabularyEmbeddings, scaled
from rag_app.embeddings.word_matrix import WordMatrix
from rag_app.embeddings.words import MAX_WORDS
from rag_app.errors import EmbeddingError, UsageError
from rag_app.types import EmbeddingIdentity

Floats = NDArray[np.float64]
WEIGHTINGS = ("sif", "mean")
_A = {True: 1e-3, False: 1e-4}
"""Arora et al. found 1e-3 to 1e-4 good. Measured: the first (nDCG@10 on Cranfield 0.29, not 0.23)
where words were counted, the second (0.150, not 0.139) where their shares are estimated."""
_HEAVIEST = 100_000
"""Words that the common direction is computed from; the others together change it by less than it
varies between collections."""


class WordVectors(VocabularyEmbeddings):
    """A model that averages the vectors of the words it knows.

    Args:
        spec: What the user asked for.
        matrix: Words and vectors.
        fingerprint: SHA-256 of the vectors.
        weighting: ``sif`` or ``mean``.
    """

    def __init__(
        self,
        spec: str,
        matrix: WordMatrix,
        fingerprint: str,
        weighting: str,
    ) -> None:
        self._matrix = matrix
        self._weights = np.ones(len(matrix.words))
        self._common = np.zeros(matrix.vectors.shape[1])
        if weighting == "sif":
            a = _A[matrix.counted]
            self._weights = a / (a + matrix.shares)
            self._common = _common_direction(matrix, self._weights)
        self._identity = EmbeddingIdentity(
            spec=spec,
            fingerprint=hashlib.sha256(f"{fingerprint} {weighting}".encode()).hexdigest(),
            dimension=matrix.vectors.shape[1],
            max_tokens=MAX_WORDS,
        )

    @property
    def identity(self) -> EmbeddingIdentity:
        """The vectors' and the weighting's."""
        return self._identity

    @property
    def vocabulary(self) -> Sequence[str]:
        """Its words, the most frequent first."""
        return self._matrix.words

    @property
    def vectors(self) -> Vectors:
        """The vectors of ``vocabulary`` as they are stored; shape (words, dimension)."""
        return self._matrix.vectors

    def word_vector(self, word: str) -> Vectors | None:
        """The vector of one word, of length 1; None if the model does not know it."""
        vector = self._raw(word.strip())
        return None if vector is None else scaled(vector)

    def most_similar(self, word: str, n: int = 10) -> list[tuple[str, float]]:
        """The ``n`` nearest words with their cosines, ``word`` itself left out.

        Raises:
            EmbeddingError: The model does not know the word.
        """
        return self._nearest(self._known(word), n, [word])

    def analogy(self, a: str, b: str, c: str, n: int = 10) -> list[tuple[str, float]]:
        """The words nearest to a - b + c, such as king - man + woman; those three left out.

        The sum is of vectors of length 1 (3CosAdd; Levy and Goldberg 2014).

        Raises:
            EmbeddingError: The model does not know one of the words.
        """
        vector = self._known(a) - self._known(b) + self._known(c)
        return self._nearest(vector, n, [a, b, c])

    def _knows(self, word: str) -> bool:
        return self._matrix.row(word) is not None

    def _vector_of(self, words: Sequence[str]) -> Vectors:
        total = self._sum(words)
        return (total - (total @ self._common) * self._common).astype(np.float32)

    def _sum(self, words: Sequence[str]) -> Floats:
        """The weighted sum of the words' vectors."""
        found = [row for word in words if (row := self._matrix.row(word)) is not None]
        vectors = np.asarray(self._matrix.vectors[found], np.float64)
        return self._weights[found] @ vectors

    def _raw(self, word: str) -> Vectors | None:
        """The vector of one word as it is stored."""
        row = self._matrix.row(word)
        return None if row is None else np.asarray(self._matrix.vectors[row])

    def _known(self, word: str) -> Vectors:
        vector = self.word_vector(word)
        if vector is None:
            raise EmbeddingError(
                f"The model {self._identity.spec} does not know the word '{word}'. Try another."
            )
        return vector

    def _nearest(self, vector: Vectors, n: int, without: Sequence[str]) -> list[tuple[str, float]]:
        rows = [row for word in without if (row := self._matrix.row(word.strip())) is not None]
        return self._matrix.nearest(vector, n, rows)


def _common_direction(matrix: WordMatrix, weights: Floats) -> Floats:
    heaviest = slice(0, _HEAVIEST)
    vectors = np.asarray(matrix.vectors[heaviest], np.float64)
    load = matrix.shares[heaviest] * weights[heaviest] ** 2
    return cast("Floats", np.linalg.eigh((vectors * load[:, None]).T @ vectors)[1][:, -1])


def weighting_of(spec: ModelSpec, default: str = WEIGHTINGS[0]) -> str:
    """The option ``weighting``.

    Raises:
        UsageError: It is neither ``sif`` nor ``mean``.
    """
    weighting = spec.options.get("weighting", default)
    if weighting not in WEIGHTINGS:
        raise UsageError(f"'{spec}': weighting is {' or '.join(WEIGHTINGS)}.")
    return weighting
