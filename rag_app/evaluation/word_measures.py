"""How well a model's word vectors agree with people: rated pairs, and analogies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.evaluation.word_sets import AnalogySection, WordPairs
from rag_app.evaluation.word_space import HasVocabulary, Progress, word_vectors

CANDIDATES = 30_000
"""An analogy is answered out of a vocabulary's most frequent words, as is usual."""

_RESAMPLES = 1000
_LEVEL = 0.95
_LEAST = 3
_BATCH = 512


@dataclass(frozen=True, slots=True)
class PairScore:
    """Agreement with the ratings of one set.

    Attributes:
        name: Of the set.
        pairs: In the set.
        known: Pairs of which the model knows both words; only these are counted.
        rho: Spearman's rank correlation of cosines and ratings; None where it is not defined
            (fewer than three pairs, or the same cosine for all).
        low: Lower end of the 95 % interval, by resampling the pairs.
        high: Upper end.
    """

    name: str
    pairs: int
    known: int
    rho: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class SectionScore:
    """Analogies of one kind: how many there are, can be asked, and are answered rightly."""

    name: str
    questions: int
    known: int
    correct: int

    @property
    def accuracy(self) -> float | None:
        """Correct answers among the questions that can be asked."""
        return self.correct / self.known if self.known else None


@dataclass(frozen=True, slots=True)
class AnalogyScore:
    """The Google analogies by 3CosAdd.

    Attributes:
        candidates: Words that an answer is chosen from.
        searched: What these are. A choice from few words is easier than one from many.
        sections: By kind of question.
    """

    candidates: int
    searched: str
    sections: tuple[SectionScore, ...]

    @property
    def total(self) -> SectionScore:
        """All sections together."""
        counts = [(s.questions, s.known, s.correct) for s in self.sections]
        return SectionScore("all", *(sum(column) for column in zip(*counts, strict=True)))


@dataclass(frozen=True, slots=True)
class WordReport:
    """What was measured of a model."""

    model: str
    sets: tuple[PairScore, ...]
    analogies: AnalogyScore | None

    def to_json(self) -> dict[str, object]:
        """As `rag eval words --json` prints it."""
        report: dict[str, object] = {"model": self.model, "sets": [asdict(s) for s in self.sets]}
        if (scored := self.analogies) is None:
            return report | {"analogies": None}
        sections = [asdict(s) | {"accuracy": s.accuracy} for s in (*scored.sections, scored.total)]
        return report | {
            "analogies": {
                "candidates": scored.candidates,
                "searched": scored.searched,
                "sections": sections[:-1],
                "total": sections[-1],
            }
        }


def measure_words(
    embeddings: IdentifiedEmbeddings,
    sets: Sequence[WordPairs],
    sections: Sequence[AnalogySection] = (),
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> WordReport:
    """Measures a model on rated pairs and on analogies.

    Args:
        embeddings: The model.
        sets: Rated pairs.
        sections: Analogies; none for leaving them out.
        seed: Of the intervals.
        progress: Told how many words are embedded.

    Raises:
        EmbeddingError: The model does not answer.
    """
    asked = [word for one in sets for first, second, _ in one.pairs for word in (first, second)]
    asked += [word for section in sections for question in section.questions for word in question]
    vectors = word_vectors(embeddings, list(dict.fromkeys(asked)), progress)
    return WordReport(
        embeddings.identity.spec,
        tuple(score_pairs(one, vectors, seed) for one in sets),
        _score_analogies(embeddings, sections, vectors) if sections else None,
    )


def score_pairs(one: WordPairs, vectors: Mapping[str, Vectors], seed: int = 0) -> PairScore:
    """Spearman's rho of one set, with a percentile bootstrap interval (Efron 1979).

    Args:
        one: The set.
        vectors: At length 1, of the words that the model knows.
        seed: Of the resamples.
    """
    known = [(a, b, rating) for a, b, rating in one.pairs if a in vectors and b in vectors]
    if len(known) < _LEAST:
        return PairScore(one.name, len(one.pairs), len(known))
    # Beyond six digits float32 holds noise, which would rank cosines that are the same.
    cosines = np.round([float(vectors[a] @ vectors[b]) for a, b, _ in known], 6)
    ratings = np.array([rating for _, _, rating in known])
    rho = float(_spearman(cosines[None], ratings[None])[0])
    if np.isnan(rho):
        return PairScore(one.name, len(one.pairs), len(known))
    drawn = np.random.default_rng(seed).integers(0, len(known), (_RESAMPLES, len(known)))
    resampled = _spearman(cosines[drawn], ratings[drawn])
    low, high = np.nanquantile(resampled, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return PairScore(one.name, len(one.pairs), len(known), rho, float(low), float(high))


def _spearman(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """Rank correlation of each row of ``left`` with that of ``right``; ties share a rank."""
    from scipy.stats import rankdata

    a, b = (rankdata(rows, axis=1) for rows in (left, right))
    a, b = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in (a, b))
    scale = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.asarray((a * b).sum(axis=1) / np.where(scale == 0, np.nan, scale))


def _score_analogies(
    embeddings: IdentifiedEmbeddings,
    sections: Sequence[AnalogySection],
    vectors: Mapping[str, Vectors],
) -> AnalogyScore:
    rows, matrix, searched = _candidates(embeddings, sections, vectors)
    scores = tuple(_score_section(section, rows, matrix) for section in sections)
    return AnalogyScore(len(rows), searched, scores)


def _candidates(
    embeddings: IdentifiedEmbeddings,
    sections: Sequence[AnalogySection],
    vectors: Mapping[str, Vectors],
) -> tuple[dict[str, int], Vectors, str]:
    """Words without their case, their rows, and what they are."""
    from rag_app.evaluation.project import unit

    if isinstance(embeddings, HasVocabulary):
        words: Sequence[str] = embeddings.vocabulary[:CANDIDATES]
        matrix = unit(np.asarray(embeddings.vectors[:CANDIDATES]))
        searched = f"the {len(words):,} most frequent words of the model"
    else:
        asked = (w for section in sections for q in section.questions for w in q if w in vectors)
        words = list(dict.fromkeys(asked))
        empty = np.empty((0, embeddings.identity.dimension), np.float32)
        matrix = np.stack([vectors[word] for word in words]) if words else empty
        searched = (
            f"the {len(words):,} words of the questions, for want of a vocabulary; that is easier"
        )
    folded: dict[str, int] = {}
    for row, word in enumerate(words):
        folded.setdefault(word.casefold(), row)
    kept = list(folded.values())
    return {word: row for row, word in enumerate(folded)}, matrix[kept], searched


def _score_section(
    section: AnalogySection, rows: Mapping[str, int], matrix: Vectors
) -> SectionScore:
    folded = [tuple(word.casefold() for word in question) for question in section.questions]
    known = [[rows[w] for w in question] for question in folded if all(w in rows for w in question)]
    correct = 0
    for first in range(0, len(known), _BATCH):
        a, b, c, d = np.array(known[first : first + _BATCH]).T
        sums = matrix[b] - matrix[a] + matrix[c]
        cosines = sums @ matrix.T
        for given in (a, b, c):
            cosines[np.arange(len(given)), given] = -np.inf
        correct += int((cosines.argmax(axis=1) == d).sum())
    return SectionScore(section.name, len(section.questions), len(known), correct)
