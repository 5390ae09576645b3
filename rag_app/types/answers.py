"""Answers: what is asked, what streams, and what stands at the end with its citations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rag_app.types.passages import Hit


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered reference of an answer to a passage.

    Attributes:
        number: As it stands in the answer, from 1.
        chunk_id: The passage.
        document_id: Its document.
        source: The document's path.
        sources: All paths that hold the same content.
        page: 1-based page number.
        quote: The words that the answer rests on.
        score: The passage's fused score.
        verified: Whether the quote was found word for word in the passage.
        start: Where the quote starts in the cleaned page text, if it was found.
        end: One past its last character.
        passage: The whole passage.
        headings: Titles above the passage.
        label: What the document itself calls the page; empty where that is its number.
    """

    number: int
    chunk_id: str
    document_id: str
    source: str
    sources: tuple[str, ...]
    page: int
    quote: str
    score: float
    verified: bool
    start: int | None = None
    end: int | None = None
    passage: str = ""
    headings: tuple[str, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. ``text`` holds citation marks like ``[1]``.

    Attributes:
        question: As it was asked.
        searched_for: The question that was searched with; differs for a follow-up.
        text: The answer, or the sentence that says the documents do not tell.
        abstained: Whether the documents do not tell.
        citations: In order of number; empty when abstained.
        hits: What was retrieved, best first.
        collection: The collection's name.
        embedding: Spec of the embedding model.
        llm: Spec of the answerer.
        timings: Seconds by stage.
        notices: Sentences that the reader should know (passages left out, a stopped answer).
        stopped: Whether the reader stopped it before its end.
    """

    question: str
    searched_for: str
    text: str
    abstained: bool
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    collection: str
    embedding: str
    llm: str
    timings: dict[str, float]
    notices: tuple[str, ...] = ()
    stopped: bool = False

    def to_json(self) -> dict[str, object]:
        """The object that ``rag ask --json`` prints."""
        return {
            "question": self.question,
            "searched_for": self.searched_for,
            "answer": self.text,
            "abstained": self.abstained,
            "citations": [
                {
                    "number": c.number,
                    "source": c.source,
                    "sources": list(c.sources),
                    "page": c.page,
                    "label": c.label,
                    "quote": c.quote,
                    "score": round(c.score, 4),
                    "verified": c.verified,
                }
                for c in self.citations
            ],
            "collection": self.collection,
            "embedding": self.embedding,
            "llm": self.llm,
            "timings": {stage: round(seconds, 4) for stage, seconds in self.timings.items()},
            "notices": list(self.notices),
        }


@dataclass(frozen=True, slots=True)
class AnswerToken:
    """A piece of an answer as it streams."""

    text: str


AnswerEvent = AnswerToken | Answer

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of a conversation."""

    role: Role
    text: str
