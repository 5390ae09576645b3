"""The passages for a question, in an order that their own sentences have a say in.

A passage's vector blurs what its one telling sentence says. So more passages are searched than
are wanted, all their sentences are scored, and passages with a good sentence move up.
"""

from __future__ import annotations

from collections.abc import Collection as Ids
from dataclasses import replace

from rag_app.answering.evidence import Evidence, gather
from rag_app.answering.relevance import FITTED_HITS
from rag_app.retrieval.search import Searcher, SearchResult

POOL = 12
"""Passages that are searched at least, where the embedding model runs on this machine; a remote one
would be sent, and paid for, twice the sentences."""

SENTENCE_WEIGHT = 0.05
"""Of the best sentence's score, beside the fused score; benchmarks/sentence_weight.py compares."""


def find(
    searcher: Searcher, question: str, k: int, document_ids: Ids[str] | None = None
) -> tuple[SearchResult, Evidence]:
    """Searches, and weighs what was found.

    Args:
        searcher: Of the collection.
        question: In any words.
        k: Number of passages.
        document_ids: Search these documents only.

    Returns:
        What was searched for and how long it took, and the evidence of the best passages: k of
        them, and never fewer than the probability of an answer is estimated from.

    Raises:
        UsageError: The question is empty.
        EmbeddingError: The model does not answer.
    """
    kept = max(k, FITTED_HITS)
    pool = max(kept, POOL) if searcher.embeddings.destination is None else kept
    found = searcher.search(question, pool, document_ids)
    evidence = gather(found, searcher.collection, searcher.embeddings)
    return found, reordered(evidence).among(kept)


def reordered(evidence: Evidence) -> Evidence:
    """The same evidence, its passages by fused score and best sentence."""
    best: dict[str, float] = {}
    for candidate in evidence.candidates:  # best first
        best.setdefault(candidate.hit.chunk.id, candidate.score)
    hits = sorted(
        evidence.hits,
        key=lambda hit: (
            -hit.score - SENTENCE_WEIGHT * best.get(hit.chunk.id, 0.0),
            hit.chunk.id,
        ),
    )
    return replace(evidence, hits=tuple(hits))
