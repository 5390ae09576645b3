"""Two ranked lists made comparable, how far they agree, and reciprocal rank fusion.

Pure functions over ``(id, score)`` lists, best first. Scores are in [0, 1] and ties are broken by
id, so that the same question always gives the same order. ``rag_app.retrieval.rankers`` says which
of them a search goes by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

Ranking = Sequence[tuple[str, float]]

RRF_CONSTANT = 60
"""As in the paper that proposes it; ``reciprocal_rank_fusion`` names it."""


def reciprocal_rank_fusion(
    dense: Ranking, keywords: Ranking, constant: int = RRF_CONSTANT
) -> list[tuple[str, float]]:
    """Fuses by rank alone (Cormack, Clarke, Büttcher: Reciprocal Rank Fusion, SIGIR 2009).

    The sum of ``1 / (constant + rank)`` over both lists, divided by its largest possible value.
    """
    best = 2 / (constant + 1)
    scores: dict[str, float] = {}
    for ranking in (dense, keywords):
        for rank, (identifier, _) in enumerate(ranking, start=1):
            scores[identifier] = scores.get(identifier, 0.0) + 1 / (constant + rank) / best
    return in_order(scores)


def comparable(dense: Ranking, keywords: Ranking) -> dict[str, tuple[float, float]]:
    """For each passage of either list its cosine and its share of the largest BM25, in [0, 1].

    A negative cosine counts as 0. What the dense list lacks is given that list's last cosine, an
    upper bound of its own; what the keyword list lacks has no word of the question, or few.
    """
    cosines = {identifier: min(1.0, max(0.0, cosine)) for identifier, cosine in dense}
    bound = min(cosines.values(), default=0.0)
    top = max((score for _, score in keywords), default=0.0)
    bm25 = {identifier: max(0.0, score) / top for identifier, score in keywords if top > 0}
    return {
        identifier: (cosines.get(identifier, bound), bm25.get(identifier, 0.0))
        for identifier in cosines.keys() | bm25.keys()
    }


def agreement(pairs: Mapping[str, tuple[float, float]]) -> float:
    """How far two lists, made ``comparable``, speak for each other's first passage, in [0, 1].

    The geometric mean of two shares: the cosine of the keyword list's first, of the largest
    cosine, and the other way round. It is low where a model does not understand the language:
    about 0.1 for Chinese and a model of English, about 0.9 for English.
    """
    if not pairs:
        return 1.0
    nearest = max(pairs, key=lambda id_: (pairs[id_][0], id_))
    matching = max(pairs, key=lambda id_: (pairs[id_][1], id_))
    if not pairs[nearest][0] or not pairs[matching][1]:
        return 1.0  # there is only one list, which nobody contradicts
    return sqrt(pairs[matching][0] / pairs[nearest][0] * pairs[nearest][1] / pairs[matching][1])


def in_order(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    """Best first, equal scores by id."""
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
