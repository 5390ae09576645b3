"""The passages for a question, in an order that their own sentences have a say in.

A passage's vector blurs what its one telling sentence says. So more passages are searched than
are wanted, all their sentences are scored, and passages with a good sentence move up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag_app.answering.evidence import Evidence, gather
from rag_app.answering.relevance import FITTED_HITS
from rag_app.retrieval.search import Searcher, SearchResult, check_number
from rag_app.retrieval.steps import Steps, take
from rag_app.types import Filter, Hit

POOL = 12
"""Passages that are searched at least, where the embedding model runs on this machine; a remote one
would be sent, and paid for, twice the sentences."""

SENTENCE_WEIGHT = 0.05
"""Of the best sentence's score, beside the fused score; benchmarks/sentence_weight.py compares."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found for a question.

    Attributes:
        search: What was searched for, and what both lists gave.
        first: The first ranking's best passages and their sentences. The probability of an answer
            is estimated from these alone: it was fitted on their scores and their number, and a
            step that drops or joins passages would move it without any new evidence.
        chosen: The passages that an answer may rest on, after the steps, and their sentences.
        hits: The same passages as they are shown and given to a language model: widened, if a
            step does that. Quotations without a language model come from the single passages.
        orders: Step → the ids after it: ``sentences``, and the steps in force.
        timings: Seconds by stage, the steps among them.
        notices: Sentences that the reader should know.
    """

    search: SearchResult
    first: Evidence
    chosen: Evidence
    hits: tuple[Hit, ...]
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def find(
    searcher: Searcher,
    question: str,
    k: int,
    where: Filter | None = None,
    steps: Steps | None = None,
) -> Findings:
    """Searches, weighs what was found, and takes the steps after the first ranking.

    Args:
        searcher: Of the collection.
        question: In any words.
        k: Number of passages.
        where: Which passages to look at; all of them unless given.
        steps: What follows the first ranking; nothing unless given.

    Returns:
        The findings. Their first evidence has k passages, and never fewer than the probability of
        an answer is estimated from; what is chosen has k at most.

    Raises:
        UsageError: The question is empty, or k is below 1.
        EmbeddingError: The model does not answer.
    """
    check_number(k)  # more are searched than are wanted, so the search cannot tell
    kept = max(k, FITTED_HITS)
    pool = max(kept, POOL) if searcher.embeddings.destination is None else kept
    steps = steps or Steps()
    found = searcher.search(question, max(pool, steps.depth), where)
    evidence = reordered(_gathered(searcher, found, found.hits[:pool]))
    weighed = (*evidence.hits, *found.hits[pool:])
    taken = take(steps, found, weighed, k)
    fresh = [hit for hit in taken.chosen if hit not in evidence.hits]
    more = _gathered(searcher, found, fresh).candidates if fresh else ()
    return Findings(
        search=found,
        first=evidence.among(kept),
        chosen=replace(
            evidence,
            hits=taken.chosen,
            candidates=tuple(sorted((*evidence.candidates, *more), key=lambda one: -one.score)),
        ).among(k),
        hits=taken.hits,
        orders={"sentences": tuple(hit.chunk.id for hit in weighed), **taken.orders},
        timings={**found.timings, **taken.timings},
        notices=(*found.notices, *taken.notices),
    )


def _gathered(searcher: Searcher, found: SearchResult, hits: Sequence[Hit]) -> Evidence:
    return gather(replace(found, hits=tuple(hits)), searcher.collection, searcher.embeddings)


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
