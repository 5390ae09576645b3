"""Why each passage stands where it does: its place in every list, and what moved it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rag_app.answering.abstain import either
from rag_app.answering.rank import Findings
from rag_app.answering.relevance import answer_probability
from rag_app.answering.reread import Readings
from rag_app.retrieval.nothing import named_parts, nothing_passes
from rag_app.retrieval.rank import Ranked
from rag_app.retrieval.search import Searcher
from rag_app.retrieval.steps import DIVERSITY, NEIGHBOURS, RERANK
from rag_app.types import Filter, Hit

STEPS = {
    "lists": "vectors and keywords",
    "words": "words that stand together",
    "feedback": "likeness to the best passages",
    "naming": "the documents that the question names",
    "sentences": "its best sentence",
    RERANK: "the reranker",
    DIVERSITY: "unlikeness to those before it",
    NEIGHBOURS: "joining passages of one page",
}
"""The steps of the ranking, each with what it goes by; those from ``words`` to ``naming`` are taken
with the ``convex`` fusion alone, the last three where a setting asks."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A passage and how it came to its rank.

    Attributes:
        hit: The passage with its fused score, cosine and BM25.
        ranked: The parts of its score, and its places in the two lists.
        words: Words of the question that it has, in any form.
        places: Step → its place after that step, from 1.
    """

    hit: Hit
    ranked: Ranked
    words: tuple[str, ...]
    places: dict[str, int]

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "source": self.hit.document.source,
            "page": self.hit.chunk.page,
            "label": self.hit.chunk.label,
            "chunk_id": self.hit.chunk.id,
            "text": self.hit.chunk.text,
            "score": round(self.ranked.score, 4),
            "dense_rank": self.ranked.dense_rank,
            "cosine": _rounded(self.hit.cosine),
            "keyword_rank": self.ranked.keyword_rank,
            "bm25": _rounded(self.hit.bm25),
            "bm25_share": round(self.ranked.keywords, 4),
            "nearness": _rounded(self.ranked.nearness),
            "feedback": _rounded(self.ranked.feedback),
            "naming": _rounded(self.ranked.naming),
            "matched_words": list(self.words),
            "places": self.places,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """A search, explained.

    Attributes:
        question: As it was searched for.
        collection: Where.
        embedding: Spec of the model.
        dense_weight: How much the cosine counted beside BM25 for this question; None where
            places counted, and both lists alike.
        probability: That the passages hold an answer.
        hits: Best first.
        notices: Sentences that the reader should know.
        where: The filter that was in force, as ``Filter.parse`` reads it, with names for ids.
        documents: How many it let through.
    """

    question: str
    collection: str
    embedding: str
    dense_weight: float | None
    probability: float
    hits: tuple[Explained, ...]
    notices: tuple[str, ...]
    where: tuple[str, ...]
    documents: int

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "question": self.question,
            "collection": self.collection,
            "embedding": self.embedding,
            "dense_weight": _rounded(self.dense_weight),
            "answer_probability": round(self.probability, 4),
            "hits": [hit.to_json() for hit in self.hits],
            "notices": list(self.notices),
            "where": list(self.where),
            "documents_searched": self.documents,
        }


def explain(
    searcher: Searcher, found: Findings, readings: Readings, where: Filter | None = None
) -> Explanation:
    """Keeps what the ranking went by.

    Args:
        searcher: Of the collection.
        found: By it, for a question.
        readings: What the reader says of the passages.
        where: Which passages were looked at; all of them unless given.
    """
    collection, spec = searcher.collection, searcher.embeddings.identity.spec
    search, hits = found.search, found.hits
    after = {step: _places(ids) for step, ids in {**search.order.steps, **found.orders}.items()}
    words = collection.matched_words(search.question, [hit.chunk.id for hit in hits])
    ranked = {one.id: one for one in search.order.passages}
    return Explanation(
        question=search.question,
        collection=collection.name,
        embedding=spec,
        dense_weight=search.order.dense_weight,
        probability=answer_probability(found.first, spec, readings),
        hits=tuple(
            Explained(
                hit,
                ranked[hit.chunk.id],
                words.get(hit.chunk.id, ()),
                {step: places[hit.chunk.id] for step, places in after.items()},
            )
            for hit in hits
        ),
        notices=(
            *found.notices,
            *filter(None, [nothing_passes(collection, where), _lacking(found)]),
        ),
        where=named_parts(where, collection.documents()) if where else (),
        documents=collection.passing(where).documents,
    )


def _lacking(found: Findings) -> str:
    """Why passages that look right are no answer: they lack a code of the question."""
    unknown = found.first.question.unknown_codes
    if not unknown or not found.hits:
        return ""
    return f"The passages have no {either(unknown)}, so what they say is not taken for an answer."


def moves(places: Mapping[str, int]) -> list[str]:
    """The steps that moved a passage, in words: ``2 by vectors and keywords``, and so on."""
    said, before = [], 0
    for step, place in places.items():
        if place != before:
            said.append(f"{place} by {STEPS[step]}")
        before = place
    return said


def _places(ids: Iterable[str]) -> dict[str, int]:
    return {id_: place for place, id_ in enumerate(ids, start=1)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
