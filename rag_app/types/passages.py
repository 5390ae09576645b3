"""Passages: what they are, how they were cut and embedded, and what a search gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag_app.types.documents import DocumentRecord

ROW = "|"
"""How a row of a table begins."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: a slice of one cleaned page.

    Attributes:
        id: Unique in its collection, the same for the same content and chunking.
        document_id: The document it belongs to.
        ordinal: Position in the document, from 0.
        text: Exactly ``page_text[start:end]``.
        page: 1-based page number.
        start: First character in the cleaned page text.
        end: One past the last character.
        headings: Titles above the passage, outermost first. The last may be the row that names
            the columns of a table within which the passage begins.
        tokens: What the embedding model reads for it, special tokens and heading included.
        truncated: Whether the model cannot read all of it (a defect that reports count).
        label: What the document itself calls the page (``iv``); empty where that is its number.
    """

    id: str
    document_id: str
    ordinal: int
    text: str
    page: int
    start: int
    end: int
    headings: tuple[str, ...] = ()
    tokens: int = 0
    truncated: bool = False
    label: str = ""

    @property
    def section(self) -> str:
        """The innermost heading; empty where there is none."""
        return next(reversed(titles_of(self.headings)), "")

    @property
    def columns(self) -> str:
        """The row that names the columns where the passage begins within a table, or nothing."""
        return columns_of(self.headings)


def columns_of(headings: Sequence[str]) -> str:
    """The row that names columns at the end of a path of headings; empty where there is none."""
    return headings[-1] if headings and headings[-1].startswith(ROW) else ""


def titles_of(headings: tuple[str, ...]) -> tuple[str, ...]:
    """A path of headings without what names columns."""
    return headings[:-1] if columns_of(headings) else headings


def page_name(page: int, label: str) -> str:
    """A page for people: ``page 6``, with what the document calls it where that differs."""
    return f"page {page} ({label})" if label else f"page {page}"


@dataclass(frozen=True, slots=True)
class ChunkingIdentity:
    """How a collection's passages were cut. A collection never mixes two of these.

    Attributes:
        size: Largest passage in tokens of the embedding model.
        overlap: Tokens repeated from the passage before.
        version: Raised when the chunker's output changes for the same input.
    """

    size: int
    overlap: int
    version: int = 1


@dataclass(frozen=True, slots=True)
class EmbeddingIdentity:
    """What makes two vectors comparable. Two collections match only if all of it is equal.

    Attributes:
        spec: ``provider:model?option=value``, as the user names it.
        fingerprint: Of the weights (a SHA-256), or of provider, model and address for a hosted one.
        dimension: Length of a vector.
        max_tokens: What the model reads of a text; the rest is cut off.
        normalized: Whether vectors have length 1.
        query_prefix: Put before a question.
        document_prefix: Put before a passage.
    """

    spec: str
    fingerprint: str
    dimension: int
    max_tokens: int
    normalized: bool = True
    query_prefix: str = ""
    document_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage.

    Attributes:
        chunk: The passage.
        document: Where it comes from.
        score: The fused score in [0, 1]. A search ranks by it; an answer's passages are reordered
            by their sentences.
        cosine: Cosine similarity to the question, if the dense list had it.
        bm25: BM25 score (larger is better), if the keyword list had it.
        convex: Its score in the convex ranking, where another one ranks.
    """

    chunk: Chunk
    document: DocumentRecord
    score: float
    cosine: float | None = None
    bm25: float | None = None
    convex: float | None = None

    @property
    def relevance(self) -> float:
        """A score that means the same whatever ranks: that of the convex ranking."""
        return self.score if self.convex is None else self.convex
