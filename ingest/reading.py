"""One file from its path to sections ready to be cut: what a worker process does.

Nothing here knows the embedding model, the store or the settings, so that a worker starts fast and
holds little.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from ingest.clean import clean_pages
from ingest.listing import Listing
from ingest.load import LoadOptions, RawFile, load_file, read_file
from ingest.sections import Section, find_sections
from rag_app.errors import DocumentError, DocumentSkippedError, DocumentUnreadableError
from rag_app.types import CleanPage, LoadedDocument

_PART = 200_000
"""Characters of pages that are handed on together."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a document once it is read and cleaned.

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


Message = Head | Part | Refused | Listing | StillReading | None
"""What a worker says: one Head, its Parts and None; what is in an archive; or why not."""


def read_document(path: Path, options: LoadOptions) -> tuple[Head, Iterator[Part]]:
    """Reads, parses and cleans one file.

    Raises:
        DocumentError: Its two kinds say whether there is nothing to ingest or something is broken.
    """
    start = time.perf_counter()
    file = read_file(path, options)
    document = load_file(file, options)
    check_length(file.name, sum(len(page.text) for page in document.pages), options)
    loaded = time.perf_counter()
    pages = clean_pages(document)
    sections = find_sections(document, pages)
    stages = {"load": loaded - start, "clean": time.perf_counter() - loaded}
    return _head(file, document, pages, stages), _parts(sections)


def no_words(path: Path) -> DocumentSkippedError:
    """What to say of a file that no passage can be cut from."""
    return DocumentSkippedError(
        f"{path.name} has no words to search for. There is nothing to ingest."
    )


def unexpected(path: Path, error: Exception) -> DocumentUnreadableError:
    """What to say of an error that no loader foresaw."""
    found = DocumentUnreadableError(
        f"{path.name} cannot be read: {type(error).__name__}: {error}. "
        "Export it again from the program that made it, or report it with the file."
    )
    found.__cause__ = error
    return found


def check_length(name: str, characters: int, options: LoadOptions) -> None:
    """Refuses a file with more text than any document has.

    Raises:
        DocumentUnreadableError: It is longer than the limit.
    """
    if characters > options.max_characters:
        raise DocumentUnreadableError(
            f"{name} holds {characters:,} characters of text, more than the limit of "
            f"{options.max_characters:,}. Split it, or raise the limit "
            "(--set max_file_characters=N)."
        )


def _head(
    file: RawFile, document: LoadedDocument, pages: Sequence[CleanPage], stages: dict[str, float]
) -> Head:
    return Head(
        hashlib.sha256(file.data).hexdigest(),
        document.media_type,
        document.title,
        pages=len(pages),
        empty_pages=sum(1 for page in pages if not page.text),
        characters=sum(len(page.text) for page in pages),
        size_bytes=len(file.data),
        stages=stages,
        ocr_pages=sum(1 for page in document.pages if page.recognised),
        warning=document.warning,
    )


def _parts(sections: Sequence[Section]) -> Iterator[Part]:
    """Whole pages together; without the trace to the raw text, which only headings needed."""
    group: list[Section] = []
    size = 0
    for _, found in groupby(sections, key=lambda section: section.page.number):
        of_page = list(found)
        page = of_page[0].page
        bare = CleanPage(page.number, page.text, (), page.label)
        group += [replace(section, page=bare) for section in of_page]
        size += len(page.text)
        if size >= _PART:
            yield Part(tuple(group))
            group, size = [], 0
    if group:
        yield Part(tuple(group))
