"""Two ranked lists into one: reciprocal rank fusion, and a convex sum of scores.

Pure functions over ``(id, score)`` lists, best first. Both give scores in [0, 1] and break ties
by id, so that the same question always gives the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Ranking = Sequence[tuple[str, float]]
Fusion = Callable[[Ranking, Ranking], list[tuple[str, float]]]

RRF_CONSTANT = 60
DENSE_WEIGHT = 0.75


def reciprocal_rank_fusion(
    dense: Ranking, keywords: Ranking, constant: int = RRF_CONSTANT
) -> list[tuple[str, float]]:
    """Fuses by rank alone (Cormack, Clarke, Büttcher: SIGIR 2009).

    The sum of ``1 / (constant + rank)`` over both lists, divided by its largest possible value.
    """
    best = 2 / (constant + 1)
    scores: dict[str, float] = {}
    for ranking in (dense, keywords):
        for rank, (identifier, _) in enumerate(ranking, start=1):
            scores[identifier] = scores.get(identifier, 0.0) + 1 / (constant + rank) / best
    return _sorted(scores)


def convex_sum(
    dense: Ranking, keywords: Ranking, weight: float = DENSE_WEIGHT
) -> list[tuple[str, float]]:
    """Fuses by score: ``weight * cosine + (1 - weight) * BM25 / largest BM25``.

    After Bruch, Gai, Ingber (ACM TOIS 2023). A negative cosine counts as 0. What the dense list
    lacks is given that list's last cosine, an upper bound of its own.
    """
    cosines = {identifier: max(0.0, cosine) for identifier, cosine in dense}
    bound = min(cosines.values(), default=0.0)
    top = max((score for _, score in keywords), default=0.0)
    bm25 = {identifier: max(0.0, score) / top for identifier, score in keywords if top > 0}
    return _sorted(
        {
            identifier: weight * min(1.0, cosines.get(identifier, bound))
            + (1 - weight) * bm25.get(identifier, 0.0)
            for identifier in cosines.keys() | bm25.keys()
        }
    )


def _sorted(scores: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
