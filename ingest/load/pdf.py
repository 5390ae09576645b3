r"""PDF: text, page labels, outline and metadata by PDFium; pypdf as the second try.

PDFium gives all four. Measured on 150-page reports: pypdf needs 0.15 s for outline, labels and
metadata where PDFium needs 1 ms (and 90 s for the text where PDFium needs 1 s), so pypdf is
imported only for a file that PDFium cannot open.

The raw text of a page is PDFium's, with one change of equal length: where the space on the page
says that a paragraph ends, the line end ``\\r\\n`` is ``\\n\\n``.

A long PDF comes in blocks of pages, so that the embedding model has work after the first few.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.load import layout, ocr, pdfium
from ingest.load.options import LoadOptions, RawFile
from ingest.load.pdf_attachments import attached_files, with_attachments
from ingest.load.pdf_page import PageReader
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import PDF, Heading, LoadedDocument, Page

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_NO_TITLE = re.compile(r"(?i)untitled|microsoft word\b.*|.*\.(?:docx?|pdf|indd|tex|qxd)|[\W\d_]*")
_TEXT = re.compile(r"\w")
_FIRST_BLOCK = 32
"""Pages that tell what is usual in a document: its body's type, its running headers."""
_GROWTH = 4
"""A block is read in less time than a model takes for a fourth of its pages."""
_LARGEST_BLOCK = 512


def load_blocks(file: RawFile, options: LoadOptions) -> Iterator[LoadedDocument]:
    """Reads a PDF.

    Raises:
        DocumentSkippedError: No page has text, and none is recognised.
        DocumentUnreadableError: It is encrypted, or broken for both parsers.
    """
    blocks = _blocks(file, options)
    try:
        first = next(blocks)
    except pdfium.PdfBrokenError:
        from ingest.load import pypdf_fallback

        yield _checked(file, pypdf_fallback.load(file, options), replace(options, ocr=""))
        return
    yield first
    yield from blocks


def _blocks(file: RawFile, options: LoadOptions) -> Iterator[LoadedDocument]:
    """The same by PDFium; it is known to be broken, or without text, before the first block."""
    with pdfium.open_pdf(file.data, file.name, options.password) as document:
        reader, is_whole = PageReader(document, options), True
        for block in _read(document, reader):
            if block.pages and block.pages[-1].number < len(document):
                is_whole = False
                yield block
                continue
            end = with_attachments(block, attached_files(document, file, options), options)
            missing = _missing(reader.unread, reader.incomplete, options)
            if is_whole:
                end = _checked(file, end, options, missing if reader.unread else "")
            yield replace(end, warning=" ".join(filter(None, (missing, end.warning))))


def _read(document: PdfDocument, reader: PageReader) -> Iterator[LoadedDocument]:
    """Blocks of pages; those before the first text come with it."""
    metadata, labels = pdfium.properties(document)
    outline = [Heading(page, level, title) for level, page, title in pdfium.outline(document)]
    finder = layout.HeadingFinder()
    waiting: list[layout.StyledPage] = []
    has_text = False
    for first, last in _ranges(len(labels)):
        waiting += [reader.read(index) for index in range(first, last)]
        has_text = has_text or any(_TEXT.search(page.text) for page in waiting)
        if not has_text and last < len(labels):
            continue
        if waiting and not has_text and _all_broken(document):
            raise pdfium.PdfBrokenError("no page can be read")
        marked = tuple(one for one in outline if one.page <= last)
        yield LoadedDocument(
            PDF,
            tuple(_page(page, labels[page.number - 1]) for page in waiting),
            title=_title(metadata),
            headings=marked if outline else finder.find(waiting),
            metadata=metadata,
        )
        waiting = []


def _ranges(pages: int) -> Iterator[tuple[int, int]]:
    """Where blocks begin and end; the last is no smaller than the one before it."""
    first, size = 0, _FIRST_BLOCK
    while pages - first >= 2 * size:
        yield first, first + size
        first, size = first + size, min(_GROWTH * size, _LARGEST_BLOCK)
    yield first, pages


def _page(page: layout.StyledPage, label: str) -> Page:
    text = page.text if page.recognised else layout.mark_paragraphs(page.text, page.lines)
    return Page(page.number, layout.with_notes(text, page.notes), label or None, page.recognised)


def _all_broken(document: PdfDocument) -> bool:
    for index in range(len(document)):
        try:
            pdfium.read_page(document, index)
        except pdfium.PdfBrokenError:
            continue
        return False
    return True


def _title(metadata: dict[str, str]) -> str | None:
    title = metadata.get("Title", "")
    return None if _NO_TITLE.fullmatch(title) else " ".join(title.split())


def _missing(unread: int, incomplete: int, options: LoadOptions) -> str:
    """What to say of pages that could be recognised if that were installed, and of those cut."""
    if unread:
        return (
            f"{unread} page(s) are images without text and were left out. Reading them takes OCR: "
            f"{ocr.install(options)}, then read the document in again on the Documents page."
        )
    if incomplete:
        return (
            f"{incomplete} page(s) have vertical lines in a font that the file does not hold, and "
            "these were left out. Export it again with its fonts embedded."
        )
    return ""


_WITHOUT_OCR = {
    "": "Open it in a PDF reader and export it again",
    "off": "Allow recognising text (--set ocr=auto)",
}


def _checked(
    file: RawFile, document: LoadedDocument, options: LoadOptions, missing: str = ""
) -> LoadedDocument:
    if not document.pages:
        raise DocumentUnreadableError(
            f"{file.name} has no pages. Open it in a PDF reader and export it again."
        )
    if _has_text(document.pages):
        return document
    none = f"{file.name} has no text on its {len(document.pages)} page(s)"
    if missing:
        raise DocumentSkippedError(
            f"{none}: it is scanned, or drawn. Reading it takes OCR: {ocr.install(options)}, and "
            "ingest the file again."
        )
    if options.ocr in _WITHOUT_OCR:
        raise DocumentSkippedError(
            f"{none}: it is scanned, or drawn. {_WITHOUT_OCR[options.ocr]}, or run OCR on it (for "
            "example with ocrmypdf) and ingest the result."
        )
    raise DocumentSkippedError(
        f"{none}, and OCR, which reads print in {ocr.reads(options)}, recognises none: there is "
        "nothing to ingest."
    )


def _has_text(pages: Sequence[Page]) -> bool:
    return any(_TEXT.search(page.text) for page in pages)
