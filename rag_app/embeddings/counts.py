"""Counting models fitted on the user's text: the baselines that show what dense models buy.

========== ===================================================================================
ordinal    the number of the word at each position: what textbooks begin with. The numbers are
           in alphabetical order and mean nothing, so it finds next to nothing: that is its point
onehot     which words are there
bow        how often each word is there (bag of words)
tfidf      the same, damped (1 + log) and weighted by rarity (Spärck Jones 1972)
========== ===================================================================================

Vocabulary and rarities are scikit-learn's. A text is sparse: one number for each word in it. A
store wants a fixed number of dimensions (option ``dimension``, 2048), so the quarter of them is
given to the words that weigh most in the fitted texts, one each, and the other words share the
rest, each with four random signs (a sparse Johnson-Lindenstrauss projection, Kane and Nelson
2014). A vocabulary that fits in is not projected: the vectors are then exact.

Measured, dense nDCG@10 on Cranfield and SciFact (7,521 and 36,329 words):

==================================  =============  =============  =============
                                    onehot         bow            tfidf
==================================  =============  =============  =============
exact sparse cosine                 0.192  0.433   0.220  0.369   0.342  0.632
this, 2048 dimensions               0.194  0.409   0.218  0.371   0.336  0.608
this, 1024                          0.184  0.362   0.215  0.365   0.321  0.577
signed hashing, 2048                0.174  0.343   0.209  0.342   0.306  0.551
random projection (sklearn), 2048   0.174  0.367   0.218  0.306   0.318  0.605
truncated SVD (LSA), 512            —      —       0.217  0.163   0.376  0.578
==================================  =============  =============  =============

Truncated SVD is another model (it finds topics), takes a minute for 5,000 texts where this takes
two seconds, and loses half of the bag of words where it has more texts than dimensions.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_app.embeddings.base import Vectors
from rag_app.embeddings.model_files import SavedModel, open_model
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.embeddings.trained import Progress, statuses
from rag_app.embeddings.vocabulary import VocabularyEmbeddings
from rag_app.embeddings.words import MAX_WORDS, folded_words
from rag_app.errors import EmbeddingError
from rag_app.settings import Settings
from rag_app.types import EmbeddingIdentity

Floats = NDArray[np.float64]
DIMENSION = 2048
POSITIONS = 256
"""Dimension of the ordinal model, where nothing else is asked for."""
LEAST_WORDS = 10
_SIGNS = 4
_OWN = 4  # one dimension in four belongs to one word
_VOCABULARY = "vocabulary.json"

_WEIGHTS: dict[str, Callable[[Floats], Floats]] = {
    "onehot": np.ones_like,
    "bow": np.asarray,
    "tfidf": lambda counts: 1 + np.log(counts),
}
_NOTES = {
    "ordinal": "word numbers by position; a textbook's first step, finds next to nothing",
    "onehot": "which words are there",
    "bow": "how often each word is there",
    "tfidf": "word counts weighted by rarity",
}


class Counts(VocabularyEmbeddings):
    """A fitted model of words that are counted."""

    def __init__(self, saved: SavedModel) -> None:
        self._identity = saved.identity(MAX_WORDS)
        self.disk_bytes = saved.disk_bytes
        self._numbers = _vocabulary(saved)
        self._rarity = np.load(saved.folder / "rarity.npy")  # numpy refuses pickles
        self._columns = np.load(saved.folder / "columns.npy")
        self._signs = np.load(saved.folder / "signs.npy")
        self._weights = _WEIGHTS[saved.spec.partition(":")[0]]

    @property
    def identity(self) -> EmbeddingIdentity:
        """What was fitted."""
        return self._identity

    def _knows(self, word: str) -> bool:
        return word.casefold() in self._numbers

    def _vector_of(self, words: Sequence[str]) -> Vectors:
        found = Counter(self._numbers.get(word.casefold(), -1) for word in words)
        found.pop(-1, None)
        numbers = np.fromiter(sorted(found), np.int64, len(found))
        counts = np.array([found[number] for number in numbers.tolist()], np.float64)
        weights = self._weights(counts) * self._rarity[numbers]
        values = self._signs[numbers] * weights[:, None]
        dense = np.bincount(
            self._columns[numbers].ravel(), values.ravel(), minlength=self._identity.dimension
        )
        return dense.astype(np.float32)


class Ordinals(VocabularyEmbeddings):
    """Word numbers, from 1, by position; 0 where the word is not known."""

    def __init__(self, saved: SavedModel) -> None:
        self._identity = saved.identity(saved.dimension)
        self.disk_bytes = saved.disk_bytes
        self._numbers = _vocabulary(saved)

    @property
    def identity(self) -> EmbeddingIdentity:
        """What was fitted."""
        return self._identity

    def _knows(self, word: str) -> bool:
        return word.casefold() in self._numbers

    def _vector_of(self, words: Sequence[str]) -> Vectors:
        vector = np.zeros(self._identity.dimension, np.float32)
        vector[: len(words)] = [self._numbers.get(word.casefold(), -1) + 1 for word in words]
        return vector


def load(spec: ModelSpec, settings: Settings) -> VocabularyEmbeddings:
    """Loads a fitted model; needs no scikit-learn.

    Raises:
        UsageError: The spec has options.
        EmbeddingError: There is no such model, or it is damaged.
    """
    saved = open_model(spec, settings)
    return Ordinals(saved) if spec.provider == "ordinal" else Counts(saved)


def models(settings: Settings) -> list[ModelStatus]:
    """The four kinds, and those that are fitted."""
    return [status for name in _NOTES for status in statuses(name, _NOTES[name], settings)]


def fit(
    spec: ModelSpec, texts: Sequence[str], folder: Path, progress: Progress | None
) -> dict[str, object]:
    """Fits ``spec`` on ``texts``: one pass, a second for two thousand passages.

    Raises:
        UsageError: An unknown option, or a value out of range.
        EmbeddingError: There are fewer than 10 different words.
    """
    spec.allow("dimension")
    ordinal = spec.provider == "ordinal"
    dimension = spec.number("dimension", POSITIONS if ordinal else DIMENSION, least=32, most=16384)
    from sklearn.feature_extraction.text import (
        CountVectorizer,
        TfidfTransformer,
    )

    vectorizer = CountVectorizer(analyzer=folded_words)
    try:
        counts = vectorizer.fit_transform(texts)
        words = vectorizer.get_feature_names_out().tolist()
    except ValueError:  # its "empty vocabulary"
        words = []
    if len(words) < LEAST_WORDS:
        raise EmbeddingError(
            f"Fitting {spec.provider} needs at least {LEAST_WORDS} different words, and the texts "
            f"have {len(words)}. Add more documents first."
        )
    (folder / _VOCABULARY).write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
    if not ordinal:
        dimension = min(dimension, len(words))
        rarity = np.ones(len(words))
        if spec.provider == "tfidf":
            rarity = TfidfTransformer().fit(counts).idf_
        _save_projection(folder, rarity, _mass(counts, spec.provider, rarity), dimension)
    if progress:
        progress(1.0)
    return {"dimension": dimension, "words": int(counts.sum()), "vocabulary": len(words)}


def _mass(counts: Any, kind: str, rarity: Floats) -> Floats:  # noqa: ANN401 - a sparse matrix
    """How much of all vectors' squared lengths each word makes up."""
    from sklearn.preprocessing import normalize

    weighted = counts.astype(np.float64)
    weighted.data = _WEIGHTS[kind](weighted.data)
    weights = normalize(weighted.multiply(rarity).tocsr())
    return np.asarray(weights.power(2).sum(axis=0)).ravel()


def _save_projection(folder: Path, rarity: Floats, mass: Floats, dimension: int) -> None:
    """Writes, for each word, the dimensions that it adds to and what it adds there."""
    words = len(mass)
    own = words if words <= dimension else dimension // _OWN
    # One sign in each of four blocks, so that no word meets itself.
    generator = np.random.default_rng(0)
    edges = np.linspace(own, dimension, _SIGNS + 1).astype(np.int64)
    columns = np.zeros((words, _SIGNS), np.int32)
    signs = np.zeros((words, _SIGNS), np.float32)
    if own < words:
        columns[:] = generator.integers(edges[:-1], edges[1:], (words, _SIGNS))
        signs[:] = generator.choice([-1.0, 1.0], (words, _SIGNS)) / np.sqrt(_SIGNS)
    heaviest = np.argsort(-mass, kind="stable")[:own]
    columns[heaviest] = np.arange(own)[:, None]
    signs[heaviest] = np.eye(1, _SIGNS)
    for name, array in (("rarity", rarity), ("columns", columns), ("signs", signs)):
        np.save(folder / f"{name}.npy", array)


def _vocabulary(saved: SavedModel) -> dict[str, int]:
    words = json.loads((saved.folder / _VOCABULARY).read_text(encoding="utf-8"))
    return {word: number for number, word in enumerate(words)}
