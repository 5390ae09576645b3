"""The ways from two lists to one order, of which the setting ``fusion`` chooses one.

``convex`` is the ranking of ``rag_app.retrieval.rank``, all of its steps. ``rrf`` is reciprocal
rank fusion and nothing else: the steps of the other weigh scores, of which ranks know nothing.
``benchmarks/ranking.py`` compares them.

What follows a ranking was fitted on convex scores: which sentence answers, whether any does, how
unlike passages are to be. Scores from places say little of that, for the first five are nearly the
same whatever was found. So each passage has its convex score either way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rag_app.embeddings.base import Vectors
from rag_app.errors import UsageError
from rag_app.retrieval.fuse import Ranking, reciprocal_rank_fusion
from rag_app.retrieval.rank import Nearness, Order, Ranked, VectorsOf, rank

CONVEX, RRF = "convex", "rrf"

Rank = Callable[[Vectors, Ranking, Ranking, Nearness, VectorsOf, Mapping[str, float]], Order]
"""As ``rag_app.retrieval.rank.rank``."""


@dataclass(frozen=True, slots=True)
class Ranker:
    """A way from two lists to one order.

    Attributes:
        rank: Ranks the passages of both.
        by_names: Whether it weighs which documents the question names. Such documents are then
            looked into once more.
    """

    rank: Rank
    by_names: bool


def rank_by_places(
    question: Vectors,
    dense: Ranking,
    keywords: Ranking,
    nearness: Nearness,
    vectors: VectorsOf,
    named: Mapping[str, float],
) -> Order:
    """Ranks by the places in both lists alone; takes what ``rank`` takes."""
    ranking = reciprocal_rank_fusion(dense, keywords)
    convex = rank(question, dense, keywords, nearness, vectors, named)
    by_id = {one.id: one for one in convex.passages}
    return Order(
        passages=tuple(_placed(by_id[id_], score) for id_, score in ranking),
        dense_weight=None,
        steps={"lists": tuple(id_ for id_, _ in ranking)},
    )


def _placed(passage: Ranked, score: float) -> Ranked:
    """A passage of the convex ranking with a score from places, in which no other step counts."""
    return replace(
        passage, score=score, nearness=None, feedback=None, naming=None, convex=passage.score
    )


RANKERS: Mapping[str, Ranker] = {
    CONVEX: Ranker(rank, by_names=True),
    RRF: Ranker(rank_by_places, by_names=False),
}
"""Name in the settings → how the lists are ranked as one."""


def ranker_for(fusion: str) -> Ranker:
    """The ranker of a name in ``RANKERS``.

    Raises:
        UsageError: There is none of that name.
    """
    if fusion not in RANKERS:
        raise UsageError(f"There is no fusion {fusion!r:.40}; choose {' or '.join(RANKERS)}.")
    return RANKERS[fusion]
