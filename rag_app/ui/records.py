"""An answer as a conversation keeps it: a dictionary of plain values, and back again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from rag_app.types import Answer, Citation, Hit

NEAREST = 3
"""Passages kept with an answer that abstains, so that the reader sees what came closest."""


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """What a stored answer needs to be shown again.

    Attributes:
        text: The answer with citation marks, or what was written until it was stopped.
        searched_for: The question that was searched with.
        abstained: Whether the documents do not tell.
        citations: The passages it rests on.
        nearest: Passages that came closest, when it abstained.
        notices: Sentences that the reader should know.
        stopped: Whether the reader stopped it.
        error: Why there is no answer; empty otherwise.
        collection: Name of the collection.
        embedding: Spec of the embedding model.
        llm: Spec of the answerer.
        timings: Seconds by stage.
        k: How many passages it could rest on; 0 where that was not kept.
        where: The filter that it was asked with, as ``Filter.parse`` reads it.
    """

    text: str
    searched_for: str = ""
    abstained: bool = False
    citations: tuple[Citation, ...] = ()
    nearest: tuple[Citation, ...] = ()
    notices: tuple[str, ...] = ()
    stopped: bool = False
    error: str = ""
    collection: str = ""
    embedding: str = ""
    llm: str = ""
    timings: Mapping[str, float] | None = None
    k: int = 0
    where: tuple[str, ...] = ()

    @property
    def verbatim(self) -> bool:
        """Whether the text is quoted from documents, so that nothing in it is Markdown."""
        return self.llm == "extractive"

    @property
    def passages(self) -> tuple[Citation, ...]:
        """What the side panel can show."""
        return self.citations or self.nearest

    def to_json(self) -> dict[str, Any]:
        """The dictionary that is stored."""
        return asdict(self)


def record_of(answer: Answer) -> AnswerRecord:
    """What is kept of ``answer``."""
    nearest = (
        ()
        if answer.citations
        else tuple(
            _as_citation(number, hit) for number, hit in enumerate(answer.hits[:NEAREST], start=1)
        )
    )
    return AnswerRecord(
        text=answer.text,
        searched_for=answer.searched_for,
        abstained=answer.abstained,
        citations=answer.citations,
        nearest=nearest,
        notices=answer.notices,
        stopped=answer.stopped,
        collection=answer.collection,
        embedding=answer.embedding,
        llm=answer.llm,
        timings=dict(answer.timings),
    )


def record_from(stored: Mapping[str, Any], text: str) -> AnswerRecord:
    """Reads what ``to_json`` wrote; keys that this version does not know are passed over."""
    known = {field.name for field in fields(AnswerRecord)}
    values = {key: value for key, value in stored.items() if key in known}
    values["citations"] = tuple(_citation(item) for item in stored.get("citations") or ())
    values["nearest"] = tuple(_citation(item) for item in stored.get("nearest") or ())
    values["notices"] = tuple(stored.get("notices") or ())
    values["where"] = tuple(stored.get("where") or ())
    return AnswerRecord(**{**values, "text": text})


def _citation(stored: Mapping[str, Any]) -> Citation:
    known = {field.name for field in fields(Citation)}
    values = {key: value for key, value in stored.items() if key in known}
    defaults: dict[str, Any] = {"chunk_id": "", "document_id": "", "verified": False, "score": 0.0}
    values["sources"] = tuple(stored.get("sources") or (stored.get("source", ""),))
    values["headings"] = tuple(stored.get("headings") or ())
    return Citation(**(defaults | values))


def _as_citation(number: int, hit: Hit) -> Citation:
    return Citation(
        number=number,
        chunk_id=hit.chunk.id,
        document_id=hit.document.id,
        source=hit.document.source,
        sources=hit.document.sources,
        page=hit.chunk.page,
        quote="",
        score=hit.score,
        verified=True,
        passage=hit.chunk.text,
        headings=hit.chunk.headings,
        label=hit.chunk.label,
    )
