"""Maximal marginal relevance: passages that are near the question and unlike each other.

After Carbonell and Goldstein (SIGIR 1998): one after the other that passage is taken for which
``(1 - diversity) * relevance - diversity * (largest cosine with those taken before)`` is largest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rag_app.embeddings.base import Vectors
from rag_app.retrieval.search import SearchResult
from rag_app.retrieval.steps import DIVERSITY, Step, Stepped
from rag_app.types import Hit

VectorsOf = Callable[[Sequence[str]], Mapping[str, Vectors]]


def diversifying(diversity: float, vectors: VectorsOf) -> Step:
    """The step that prefers passages unlike those before them.

    Args:
        diversity: From 0, the order as it is, to 1, which looks at likeness alone.
        vectors: For ids their stored vectors, each of shape (dimension,).
    """

    def apply(search: SearchResult, hits: Sequence[Hit], k: int) -> Stepped:
        del search
        found = vectors([hit.chunk.id for hit in hits])
        known = [hit for hit in hits if hit.chunk.id in found]
        if not known:
            return Stepped(tuple(hits))
        matrix = np.stack([found[hit.chunk.id] for hit in known])
        # A reranker leaves an order and no scores that can be compared with cosines: whatever
        # stands at a place now has the relevance that the best-scored passage of that rank had.
        relevance = sorted((hit.relevance for hit in known), reverse=True)
        chosen = [known[n] for n in maximal_marginal_relevance(relevance, matrix, diversity, k)]
        taken = {hit.chunk.id for hit in chosen}
        return Stepped((*chosen, *(hit for hit in hits if hit.chunk.id not in taken)))

    return Step(DIVERSITY, apply)


def maximal_marginal_relevance(
    relevance: Sequence[float], vectors: Vectors, diversity: float, count: int
) -> list[int]:
    """Positions of ``count`` rows, in the order in which they are chosen.

    Args:
        relevance: Of each row, on the scale of a cosine.
        vectors: Of shape (rows, dimension).
        diversity: In [0, 1].
        count: How many; all if there are fewer.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = vectors / np.where(lengths > 0, lengths, 1)
    likeness = rows @ rows.T
    wanted = np.asarray(relevance, np.float32)
    nearest = np.zeros(len(rows), np.float32)
    left = np.ones(len(rows), bool)
    chosen: list[int] = []
    for _ in range(min(count, len(rows))):
        score = np.where(left, (1 - diversity) * wanted - diversity * nearest, -np.inf)
        best = int(score.argmax())  # of equals the first, which ranks higher
        nearest = likeness[best] if not chosen else np.maximum(nearest, likeness[best])
        chosen.append(best)
        left[best] = False
    return chosen
