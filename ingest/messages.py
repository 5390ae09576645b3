"""What is said of a file that is read, by the process that reads it to the one that waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ingest.listing import Listing
from ingest.sections import Section
from rag_app.errors import DocumentError, DocumentSkippedError, DocumentUnreadableError
from rag_app.types import CleanPage, LoadedDocument

OUT_OF_TURN = "a worker process answered out of turn"


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known of a document from its first page on.

    Attributes:
        document_id: SHA-256 of the bytes that are read.
        media_type: What it is read as.
    """

    document_id: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known of a document once all of it is read and cleaned.

    Attributes:
        document_id: SHA-256 of the bytes that were read.
        media_type: What it was read as.
        title: From the file itself, or None.
        pages: Number of pages.
        empty_pages: Pages without text.
        characters: Of cleaned text.
        size_bytes: Of the file.
        stages: Seconds for each stage.
        peak_mb: Most memory that its worker process held meanwhile, if that is known.
        ocr_pages: Pages whose text was recognised on an image.
        warning: What of it is missing, and what to do; empty if nothing is.
    """

    document_id: str
    media_type: str
    title: str | None
    pages: int
    empty_pages: int
    characters: int
    size_bytes: int
    stages: dict[str, float] = field(default_factory=dict)
    peak_mb: float | None = None
    ocr_pages: int = 0
    warning: str = ""

    @property
    def seconds(self) -> float:
        """All stages together."""
        return sum(self.stages.values())


@dataclass(frozen=True, slots=True)
class Part:
    """The sections of some pages, in order; a page is never in two parts."""

    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """Some pages as they were read and as they were cleaned, said where a file is explained.

    Attributes:
        read_as: The media type whose loader read them.
        document: What that made of them.
        pages: The same, cleaned, without the trace to the raw text.
    """

    read_as: str
    document: LoadedDocument
    pages: tuple[CleanPage, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """What a worker answers for a file that cannot be ingested: why, and what to do."""

    reason: str
    skipped: bool = False

    def error(self) -> DocumentError:
        """The same as an error."""
        return (DocumentSkippedError if self.skipped else DocumentUnreadableError)(self.reason)


@dataclass(frozen=True, slots=True)
class StillReading:
    """What a worker says now and then before its answer, if a file takes long."""


@dataclass(frozen=True, slots=True)
class ToConvert:
    """An old Office file that a worker met: it may start no program, who waits for it may.

    Attributes:
        name: For messages.
        suffix: The ending of its kind.
        data: Its bytes.
    """

    name: str
    suffix: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Converted:
    """What a worker is told then: where it finds the document, or why there is none."""

    path: Path | None = None
    reason: str = ""


OfDocument = Opened | Seen | Part | Summary
"""What is said of a document that is read, in this order, a part for some pages."""

Message = OfDocument | Refused | Listing | StillReading | ToConvert
"""What a worker says: a document; why it is none, perhaps after some parts; an archive's list."""


class Reading:
    """A document that is being read.

    Args:
        messages: What is said of it.

    Attributes:
        opened: What is known before the first part.
        seen: Its pages, as far as its parts were taken; none unless it is to be explained.

    Raises:
        DocumentError: It cannot be ingested.
    """

    def __init__(self, messages: Iterator[OfDocument]) -> None:
        opened = next(messages)
        if not isinstance(opened, Opened):
            raise TypeError(OUT_OF_TURN)
        self.opened = opened
        self.seen: list[Seen] = []
        self._messages = messages
        self._summary: Summary | None = None

    def parts(self) -> Iterator[Part]:
        """Its sections, as they come.

        Raises:
            DocumentError: It cannot be ingested; parts that were given before are void.
        """
        for message in self._messages:
            if isinstance(message, Part):
                yield message
            elif isinstance(message, Seen):
                self.seen.append(message)
            elif isinstance(message, Summary):
                self._summary = message

    @property
    def summary(self) -> Summary:
        """All that is known of it, once all parts were taken."""
        if self._summary is None:
            raise RuntimeError("the document is not read to its end")
        return self._summary
