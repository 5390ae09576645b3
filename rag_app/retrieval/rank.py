"""From the two lists of a search to one order of passages.

Four steps. Each of the first three ranks better on every set it was fitted on (Cranfield, SQuAD,
MTRAG); ``benchmarks/ranking.py`` leaves them out one by one:

1. A convex sum of cosine and BM25, in which the cosine counts the more, the more the lists agree.
2. How close together a passage says the words of the question (``rag_app.store.nearness``).
3. Feedback of vectors (Rocchio 1971; with embeddings Li et al., ACM TOIS 2023): the best passages
   so far say what the question may have meant, so all are compared with a vector between theirs
   and the question's.
4. Where the question names some of the documents (``rag_app.store.naming``), passages of others
   fall back. Documents of those sets have no names; ``benchmarks/financebench.py`` measures it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp

import numpy as np

from rag_app.embeddings.base import Vectors
from rag_app.retrieval.fuse import Ranking, agreement, comparable, in_order

LEAST_DENSE, MOST_DENSE = 0.65, 0.8
"""Weight of the cosine beside BM25: where the lists contradict each other, and where they agree."""

NEARNESS = 0.3
"""Weight of the words' nearness beside that sum."""

NAMING = 0.1
"""What a passage loses whose document is not named, where another is: half of the largest weight
that loses nothing on SQuAD, with its articles as documents."""

FEEDBACK_PASSAGES = 3
FEEDBACK_SHARE = 0.5
"""Of the cosine with the vector of the feedback, in what counts as the cosine afterwards."""

SHARPNESS = 0.02
"""A passage behind the best by so much of the score has 1/e of its say in the feedback."""

Nearness = Callable[[Sequence[str]], Mapping[str, float]]
VectorsOf = Callable[[Sequence[str]], Mapping[str, Vectors]]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage and how it came to its rank. All scores are in [0, 1].

    Attributes:
        id: The passage.
        score: By which it is ranked.
        cosine: With the question; its bound where the dense list lacks the passage.
        keywords: BM25 as a share of the list's largest.
        nearness: Share of the question's words that stand together; None where it does not count.
        feedback: Cosine with the question moved towards the best passages; None where there was
            no feedback.
        naming: How far the question names its document; None where that does not count.
        dense_rank: Its place in the dense list, from 1; None if it is not there.
        keyword_rank: Its place in the keyword list, likewise.
        convex: Its score in this ranking, where another one made the order.
    """

    id: str
    score: float
    cosine: float
    keywords: float
    nearness: float | None
    feedback: float | None
    naming: float | None
    dense_rank: int | None
    keyword_rank: int | None
    convex: float | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """The passages of a search, best first.

    Attributes:
        passages: All of both lists.
        dense_weight: How much the cosine counted beside BM25; None where places counted, and
            both lists alike.
        steps: Step (``lists``, ``words``, ``feedback``, ``naming``) → the order after it.
    """

    passages: tuple[Ranked, ...]
    dense_weight: float | None
    steps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def scores(self) -> list[tuple[str, float]]:
        """Id and score, best first."""
        return [(one.id, one.score) for one in self.passages]


def rank(
    question: Vectors,
    dense: Ranking,
    keywords: Ranking,
    nearness: Nearness,
    vectors: VectorsOf,
    named: Mapping[str, float],
) -> Order:
    """Ranks the passages of two lists.

    Args:
        question: Its vector, of shape (dimension,).
        dense: Ids and cosines, best first.
        keywords: Ids and BM25, best first.
        nearness: For ids their share of the question's words.
        vectors: For ids their vectors, each of shape (dimension,).
        named: How far the question names the documents of some of them, in [0, 1].
    """
    pairs = comparable(dense, keywords)
    ids = sorted(pairs)
    weight = LEAST_DENSE + (MOST_DENSE - LEAST_DENSE) * agreement(pairs)
    near = nearness(ids)

    def summed(id_: str, cosine: float) -> float:
        return weight * cosine + (1 - weight) * pairs[id_][1]

    def score(id_: str, cosine: float) -> float:
        return (summed(id_, cosine) + NEARNESS * near.get(id_, 0.0)) / (1 + NEARNESS)

    lists = in_order({id_: summed(id_, pairs[id_][0]) for id_ in ids})
    words = in_order({id_: score(id_, pairs[id_][0]) for id_ in ids})
    feedback = _feedback(question, words, vectors) if dense else {}
    moved = {
        id_: score(id_, (1 - FEEDBACK_SHARE) * pairs[id_][0] + FEEDBACK_SHARE * cosine)
        for id_, cosine in feedback.items()
    }
    fed_back = in_order(dict(words) | moved)
    most = max(named.values(), default=0.0)
    ranking = in_order(
        {id_: max(0.0, value - NAMING * (most - named.get(id_, 0.0))) for id_, value in fed_back}
    )
    in_dense, in_keywords = places(dense), places(keywords)
    return Order(
        passages=tuple(
            Ranked(
                id_,
                value,
                *pairs[id_],
                near.get(id_, 0.0),
                feedback.get(id_),
                named.get(id_, 0.0),
                in_dense.get(id_),
                in_keywords.get(id_),
            )
            for id_, value in ranking
        ),
        dense_weight=weight,
        steps={
            name: tuple(id_ for id_, _ in one)
            for name, one in (
                ("lists", lists),
                ("words", words),
                ("feedback", fed_back),
                ("naming", ranking),
            )
        },
    )


def places(ranking: Ranking) -> dict[str, int]:
    """Id → its place in a list, from 1."""
    return {id_: place for place, (id_, _) in enumerate(ranking, start=1)}


def _feedback(question: Vectors, ranking: Ranking, vectors: VectorsOf) -> dict[str, float]:
    """Each passage's cosine with the question moved towards the best of the ranking."""
    found = {id_: _unit(vector) for id_, vector in vectors([id_ for id_, _ in ranking]).items()}
    best = [(id_, score) for id_, score in ranking if id_ in found][:FEEDBACK_PASSAGES]
    if not best:
        return {}
    says = np.array([exp((score - best[0][1]) / SHARPNESS) for _, score in best], np.float32)
    centre = says / says.sum() @ np.stack([found[id_] for id_, _ in best])
    ids = list(found)
    cosines = np.stack([found[id_] for id_ in ids]) @ _unit(_unit(question) + centre)
    return {id_: min(1.0, max(0.0, float(c))) for id_, c in zip(ids, cosines, strict=True)}


def _unit(vector: Vectors) -> Vectors:
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length else vector, np.float32)
