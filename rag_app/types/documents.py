"""Documents: as a loader read them, as the catalog knows them, and what became of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

from rag_app.types.archives import document_name
from rag_app.types.media import PAGINATED
from rag_app.types.metadata import Metadata


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
    """One page as its loader read it. A document without pages is one page, number 1.

    Attributes:
        number: 1-based.
        text: Its raw text.
        label: The page label printed in the document, if it has one.
        recognised: Whether the text was recognised on an image of the page (OCR).
        keeps_lines: Whether its line ends mean something though those of paper do not: it is from
            a file that is attached to the document.
    """

    number: int
    text: str
    label: str | None = None
    recognised: bool = False
    keeps_lines: bool = False


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """What a loader gives: the raw text of every page, and what else the file says of itself.

    Attributes:
        media_type: What it was read as.
        pages: All pages, also those without text.
        title: From the file, or None.
        headings: In their order.
        metadata: What else the file says of itself.
        warning: What is missing of it, and what to do; empty if nothing is.
    """

    media_type: str
    pages: tuple[Page, ...]
    title: str | None = None
    headings: tuple[Heading, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    warning: str = ""


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
        modified_at: When the file was last changed before that (UTC); None where nobody knows.
        language: ISO 639-1 code of the language it is in; empty where that cannot be told.
        metadata: What the user says of it.
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
    modified_at: datetime | None = None
    language: str = ""
    metadata: Metadata = ()

    @property
    def source(self) -> str:
        """The path it is cited under first."""
        return self.sources[0]

    @property
    def name(self) -> str:
        """The file name, for lists and citations; in an archive, that and the way within it."""
        return document_name(self.source)

    @property
    def paginated(self) -> bool:
        """Whether its pages are pages that a reader would turn to."""
        return self.media_type in PAGINATED


FileState = Literal["added", "updated", "unchanged", "duplicate", "skipped", "failed", "forgotten"]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file.

    Attributes:
        path: As it was given or found.
        state: Exactly one of the states.
        reason: Why it was skipped or failed, or what of it is missing, and what to do; else empty.
        document_id: SHA-256 of its content, if it could be read.
        pages: Number of pages.
        empty_pages: Pages without text.
        characters: Of cleaned text.
        chunks: Passages stored.
        truncated_chunks: Passages longer than the model reads.
        seconds: Time spent on it.
        unknown_words: Share of its words that the embedding model does not know, from 0 to 1;
            None for a model that reads any text.
        blank_chunks: Passages without any word that it knows; they are found by keywords only.
        stages: Seconds of each stage: load, clean, cut, embed, store.
        peak_mb: Most memory that the process which read it held meanwhile, in MiB; None where
            that is not known.
        ocr_pages: Pages whose text was recognised on an image.
        language: ISO 639-1 code of the language it is in; empty where that cannot be told.
        notice: That the embedding model was not made for this language; else empty.
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
    unknown_words: float | None = None
    blank_chunks: int = 0
    stages: Mapping[str, float] = field(default_factory=dict)
    peak_mb: float | None = None
    ocr_pages: int = 0
    language: str = ""
    notice: str = ""

    def to_json(self) -> dict[str, object]:
        """The object in an ingest report."""
        unknown = None if self.unknown_words is None else round(self.unknown_words, 4)
        return asdict(self) | {
            "seconds": round(self.seconds, 3),
            "unknown_words": unknown,
            "stages": {stage: round(seconds, 3) for stage, seconds in self.stages.items()},
            "peak_mb": None if self.peak_mb is None else round(self.peak_mb, 1),
        }
