"""One file from its path to sections ready to be cut: what a worker process does.

A long document is handed on in parts as it is read, so that the embedding model need not wait for
its last page. What is wrong with a page may therefore be known after earlier parts are out; these
are void then.

Nothing here knows the embedding model, the store or the settings, so that a worker starts fast and
holds little.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from ingest.clean import Cleaner
from ingest.load import LoadOptions, RawFile, load_blocks, read_file, told_by_content, told_format
from ingest.messages import OfDocument, Opened, Part, Seen, Summary
from ingest.sections import Met, Section, find_sections
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import CleanPage, LoadedDocument

_PART = 200_000
"""Characters of pages that are handed on together."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some pages on their way, as they were loaded, cleaned and cut at headings."""

    document: LoadedDocument
    pages: tuple[CleanPage, ...]
    sections: list[Section]
    stages: dict[str, float]


def read_blocks(file: RawFile, options: LoadOptions) -> Iterator[Block]:
    """Parses and cleans a file, block by block.

    Raises:
        DocumentError: Its two kinds say whether there is nothing to ingest or something is broken.
    """
    cleaner, characters = Cleaner(), 0
    met: Met = {}
    start = time.perf_counter()
    for document in map(_plain, load_blocks(file, options)):
        characters += sum(len(page.text) for page in document.pages)
        check_length(file.name, characters, options)
        loaded = time.perf_counter()
        pages = cleaner.clean(document)
        sections = find_sections(document, pages, met)
        stages = {"load": loaded - start, "clean": time.perf_counter() - loaded}
        yield Block(document, pages, sections, stages)
        start = time.perf_counter()


def read_document(
    path: Path, options: LoadOptions, *, explained: bool = False
) -> Iterator[OfDocument]:
    """Reads, parses and cleans one file.

    Args:
        path: Which.
        options: How.
        explained: Whether the pages themselves are wanted as well as their sections.

    Raises:
        DocumentError: Its two kinds say whether there is nothing to ingest or something is broken.
    """
    start = time.perf_counter()
    file = read_file(path, options)
    key = hashlib.sha256(file.data).hexdigest()
    read_as = told_by_content(file, told_format(file).media_type) if explained else ""
    summary: Summary | None = None
    for block in read_blocks(file, options):
        if summary is None:
            yield Opened(key, block.document.media_type)
            summary = _nothing_yet(key, file, block, time.perf_counter() - start)
        if explained:
            yield Seen(read_as, block.document, tuple(map(_bare, block.pages)))
        yield from _parts(block.sections)
        summary = _with_block(summary, block)
    if summary is not None:
        yield summary


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


def _nothing_yet(key: str, file: RawFile, block: Block, seconds: float) -> Summary:
    """The summary before its first block, which took its own share of ``seconds``."""
    reading = seconds - sum(block.stages.values())
    return Summary(
        key,
        block.document.media_type,
        block.document.title,
        pages=0,
        empty_pages=0,
        characters=0,
        size_bytes=len(file.data),
        stages={"load": reading, "clean": 0.0},
    )


def _with_block(so_far: Summary, block: Block) -> Summary:
    return replace(
        so_far,
        pages=so_far.pages + len(block.pages),
        empty_pages=so_far.empty_pages + sum(1 for page in block.pages if not page.text),
        characters=so_far.characters + sum(len(page.text) for page in block.pages),
        stages={name: so_far.stages[name] + spent for name, spent in block.stages.items()},
        ocr_pages=so_far.ocr_pages + sum(1 for page in block.document.pages if page.recognised),
        warning=block.document.warning,
    )


def _plain(document: LoadedDocument) -> LoadedDocument:
    """The same without strings of a library's own kind, which no answer of a worker may hold."""
    return replace(
        document,
        pages=tuple(
            replace(one, text=str(one.text), label=_or_none(one.label)) for one in document.pages
        ),
        title=_or_none(document.title),
        headings=tuple(
            one if type(one.title) is str else replace(one, title=str(one.title))
            for one in document.headings
        ),
        metadata={str(key): str(value) for key, value in document.metadata.items()},
        warning=str(document.warning),
    )


def _or_none(text: str | None) -> str | None:
    return None if text is None else str(text)


def _bare(page: CleanPage) -> CleanPage:
    """A page without the trace to its raw text, which only headings need."""
    return CleanPage(page.number, page.text, (), page.label)


def _parts(sections: Sequence[Section]) -> Iterator[Part]:
    """Whole pages together."""
    group: list[Section] = []
    size = 0
    for _, found in groupby(sections, key=lambda section: section.page.number):
        of_page = list(found)
        page = of_page[0].page
        bare = _bare(page)
        group += [replace(section, page=bare) for section in of_page]
        size += len(page.text)
        if size >= _PART:
            yield Part(tuple(group))
            group, size = [], 0
    if group:
        yield Part(tuple(group))
