"""Why each passage stands where it does: its place in every list, and what moved it."""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Iterable
from dataclasses import dataclass

from rag_app.answering.rank import find
from rag_app.answering.relevance import answer_probability
from rag_app.retrieval.rank import Ranked
from rag_app.retrieval.search import Searcher
from rag_app.types import Hit

STEPS = {
    "lists": "vectors and keywords",
    "words": "words that stand together",
    "feedback": "likeness to the best passages",
    "sentences": "its best sentence",
}
"""The steps of the ranking, each with what it goes by."""


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
            "chunk_id": self.hit.chunk.id,
            "text": self.hit.chunk.text,
            "score": round(self.ranked.score, 4),
            "dense_rank": self.ranked.dense_rank,
            "cosine": _rounded(self.hit.cosine),
            "keyword_rank": self.ranked.keyword_rank,
            "bm25": _rounded(self.hit.bm25),
            "bm25_share": round(self.ranked.keywords, 4),
            "nearness": round(self.ranked.nearness, 4),
            "feedback": _rounded(self.ranked.feedback),
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
        dense_weight: How much the cosine counted beside BM25 for this question.
        probability: That the passages hold an answer.
        hits: Best first.
        notices: Sentences that the reader should know.
    """

    question: str
    collection: str
    embedding: str
    dense_weight: float
    probability: float
    hits: tuple[Explained, ...]
    notices: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "question": self.question,
            "collection": self.collection,
            "embedding": self.embedding,
            "dense_weight": round(self.dense_weight, 4),
            "answer_probability": round(self.probability, 4),
            "hits": [hit.to_json() for hit in self.hits],
            "notices": list(self.notices),
        }


def explain(
    searcher: Searcher, question: str, k: int, document_ids: Ids[str] | None = None
) -> Explanation:
    """Searches as an answer does, and keeps what the ranking went by.

    Args:
        searcher: Of the collection.
        question: In any words.
        k: Number of passages.
        document_ids: Search these documents only.

    Raises:
        UsageError: The question is empty.
        EmbeddingError: The model does not answer.
    """
    found, evidence = find(searcher, question, k, document_ids)
    collection, spec = searcher.collection, searcher.embeddings.identity.spec
    hits = evidence.hits[:k]
    final = _places(hit.chunk.id for hit in evidence.hits)
    after = {step: _places(ids) for step, ids in found.order.steps.items()} | {"sentences": final}
    words = collection.matched_words(found.question, [hit.chunk.id for hit in hits])
    ranked = {one.id: one for one in found.order.passages}
    return Explanation(
        question=found.question,
        collection=collection.name,
        embedding=spec,
        dense_weight=found.order.dense_weight,
        probability=answer_probability(evidence, spec),
        hits=tuple(
            Explained(
                hit,
                ranked[hit.chunk.id],
                words.get(hit.chunk.id, ()),
                {step: places[hit.chunk.id] for step, places in after.items()},
            )
            for hit in hits
        ),
        notices=found.notices,
    )


def _places(ids: Iterable[str]) -> dict[str, int]:
    return {id_: place for place, id_ in enumerate(ids, start=1)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
