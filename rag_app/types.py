"""Values that pass between the stages: frozen, without behaviour beyond what follows from them.

Offsets are in characters of a page's *cleaned* text, page numbers are 1-based, scores are larger
for better, durations are seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Literal

PDF = "application/pdf"
TEXT = "text/plain"
MARKDOWN = "text/markdown"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a document.

    Attributes:
        page: 1-based number of the page it stands on.
        level: 1 for the outermost.
        title: Its words.
        offset: Where it starts in the page's raw text; None where the source does not tell
            (a PDF outline names only the page).
    """

    page: int
    level: int
    title: str
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page as its loader read it. A document without pages is one page, number 1."""

    number: int
    text: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """What a loader gives: the raw text of every page, and what else the file says of itself."""

    media_type: str
    pages: tuple[Page, ...]
    title: str | None = None
    headings: tuple[Heading, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CleanPage:
    """A cleaned page whose characters can be traced to the raw text.

    Attributes:
        number: 1-based page number.
        text: The cleaned text.
        offsets: For each character of ``text``, the index in the raw page text that it came from;
            one longer than ``text`` (the last entry is the raw length).
        label: The page label printed in the document, if it has one.
    """

    number: int
    text: str
    offsets: Sequence[int]
    label: str | None = None


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
        headings: Titles above the passage, outermost first.
        tokens: What the embedding model reads for it, special tokens and heading included.
        truncated: Whether the model cannot read all of it (a defect that reports count).
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
class DocumentRecord:
    """A document as the catalog knows it.

    Attributes:
        id: SHA-256 of the file's bytes, in hexadecimal.
        sources: Every path that holds this content, in the order they were met; at least one.
        media_type: For example ``application/pdf``.
        title: From the file itself, or None.
        pages: Number of pages.
        characters: Length of the cleaned text.
        chunks: Number of passages.
        truncated_chunks: Passages that the embedding model cannot read to their end.
        size_bytes: Of the file.
        added_at: When it was ingested (UTC).
    """

    id: str
    sources: tuple[str, ...]
    media_type: str
    title: str | None
    pages: int
    characters: int
    chunks: int
    truncated_chunks: int
    size_bytes: int
    added_at: datetime

    @property
    def source(self) -> str:
        """The path it is cited under first."""
        return self.sources[0]

    @property
    def name(self) -> str:
        """The file name, for lists and citations."""
        return PurePath(self.source).name

    @property
    def paginated(self) -> bool:
        """Whether its pages are pages that a reader would turn to."""
        return self.media_type == PDF


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage.

    Attributes:
        chunk: The passage.
        document: Where it comes from.
        score: The fused score in [0, 1], which the ranking follows.
        cosine: Cosine similarity to the question, if the dense list had it.
        bm25: BM25 score (larger is better), if the keyword list had it.
    """

    chunk: Chunk
    document: DocumentRecord
    score: float
    cosine: float | None = None
    bm25: float | None = None


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
                    "page": c.page,
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


FileState = Literal["added", "updated", "unchanged", "duplicate", "skipped", "failed", "forgotten"]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file.

    Attributes:
        path: As it was given or found.
        state: Exactly one of the states.
        reason: Why it was skipped or failed, and what to do; empty otherwise.
        document_id: SHA-256 of its content, if it could be read.
        pages: Number of pages.
        empty_pages: Pages without text.
        characters: Of cleaned text.
        chunks: Passages stored.
        truncated_chunks: Passages longer than the model reads.
        seconds: Time spent on it.
    """

    path: str
    state: FileState
    reason: str = ""
    document_id: str = ""
    pages: int = 0
    empty_pages: int = 0
    characters: int = 0
    chunks: int = 0
    truncated_chunks: int = 0
    seconds: float = 0.0

    def to_json(self) -> dict[str, object]:
        """The object in an ingest report."""
        return asdict(self) | {"seconds": round(self.seconds, 3)}
