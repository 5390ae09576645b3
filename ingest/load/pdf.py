r"""PDF: text, page labels, outline and metadata by PDFium; pypdf as the second try.

PDFium gives all four. Measured on 150-page reports: pypdf needs 0.15 s for outline, labels and
metadata where PDFium needs 1 ms (and 90 s for the text where PDFium needs 1 s), so pypdf is
imported only for a file that PDFium cannot open.

The raw text of a page is PDFium's, with one change of equal length: where the space on the page
says that a paragraph ends, the line end ``\\r\\n`` is ``\\n\\n``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:
    """Reads a PDF.

    Raises:
        DocumentSkippedError: No page has text, and none is recognised.
        DocumentUnreadableError: It is encrypted, or broken for both parsers.
    """
    try:
        with pdfium.open_pdf(file.data, file.name, options.password) as document:
            reader = PageReader(document, options)
            loaded = _read(document, reader)
            files = attached_files(document, file, options)
    except pdfium.PdfBrokenError:
        from ingest.load import pypdf_fallback

        return _checked(file, pypdf_fallback.load(file, options), "")
    missing = _missing(reader.unread, reader.incomplete)
    without = missing if reader.unread else ""
    whole = with_attachments(loaded, files, options)
    return replace(_checked(file, whole, options.ocr, without), warning=missing)


def _read(document: PdfDocument, reader: PageReader) -> LoadedDocument:
    metadata, labels = pdfium.properties(document)
    styled = [reader.read(index) for index in range(len(labels))]
    if styled and not any(page.text for page in styled) and _all_broken(document):
        raise pdfium.PdfBrokenError("no page can be read")
    marked = pdfium.outline(document)
    headings = tuple(Heading(page, level, title) for level, page, title in marked)
    pages = tuple(
        Page(page.number, _paragraphs(page), label or None, page.recognised)
        for page, label in zip(styled, labels, strict=True)
    )
    return LoadedDocument(
        PDF,
        pages,
        title=_title(metadata),
        headings=headings or layout.find_headings(styled),
        metadata=metadata,
    )


def _paragraphs(page: layout.StyledPage) -> str:
    text = page.text if page.recognised else layout.mark_paragraphs(page.text, page.lines)
    return layout.with_notes(text, page.notes)


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


def _missing(unread: int, incomplete: int) -> str:
    """What to say of pages that could be recognised if that were installed, and of those cut."""
    if unread:
        return (
            f"{unread} page(s) are images without text and were left out. Reading them takes OCR: "
            f"install it with {ocr.INSTALL}, then read the document in again on the Documents page."
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
    file: RawFile, document: LoadedDocument, ocr_mode: str, missing: str = ""
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
            f"{none}: it is scanned, or drawn. Reading it takes OCR: install it with "
            f"{ocr.INSTALL}, and ingest the file again."
        )
    if ocr_mode in _WITHOUT_OCR:
        raise DocumentSkippedError(
            f"{none}: it is scanned, or drawn. {_WITHOUT_OCR[ocr_mode]}, or run OCR on it (for "
            "example with ocrmypdf) and ingest the result."
        )
    raise DocumentSkippedError(
        f"{none}, and OCR, which reads print in {ocr.READS}, recognises none: there is nothing to "
        "ingest."
    )


def _has_text(pages: Sequence[Page]) -> bool:
    return any(_TEXT.search(page.text) for page in pages)
