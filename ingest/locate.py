"""A quotation found again on its PDF page, and the page drawn with the quotation marked.

Letters and digits alone are compared: a hyphen at a line's end, a ligature or a running header
that cleaning took out of the middle does not keep a quotation from being found.
"""

from __future__ import annotations

from pathlib import Path

from ingest.clean import clean_pages
from ingest.load import (
    LoadOptions,
    digest_file,
    format_of,
    images,
    layout,
    page_image,
    pdfium,
    read_file,
)
from ingest.load.members import outer_archive
from ingest.traced import raw_range
from rag_app.errors import DocumentUnreadableError
from rag_app.types import PDF, CleanPage, LoadedDocument, Page
from rag_app.types.media import IMAGES, PRINTED

_SCALE = 2.0


def locate_quote(
    path: Path,
    page: int,
    quote: str,
    password: str | None = None,
    *,
    document_id: str | None = None,
    scale: float = _SCALE,
) -> tuple[bytes, bool]:
    """Draws a page of a PDF with a quotation highlighted, or an image as it is.

    Args:
        path: The file.
        page: 1-based page number.
        quote: Words of the page's cleaned text; an empty one marks nothing.
        password: For an encrypted file.
        document_id: SHA-256 of the content that was ingested; None to trust the path.
        scale: Pixels for each point.

    Returns:
        A PNG, and whether the quotation was found on the page.

    Raises:
        DocumentError: The file is gone, changed since it was ingested, has no pages to draw, or is
            broken.
    """
    options = LoadOptions(password, max_bytes=2**62)
    _check(path, options, document_id)
    if format_of(path).media_type in IMAGES:
        return images.draw(read_file(path, options), page), False
    # A file in an archive has no place on disk that PDFium could open.
    data = read_file(path, options).data if outer_archive(path) else None
    cleaned = _clean_page(path, page, password, data)
    found = find_quote(cleaned.text, quote)
    marks = [raw_range(cleaned.offsets, *found)] if found else []
    return page_image.render_page(path, page, password, marks, scale, data), found is not None


def find_quote(text: str, quote: str) -> tuple[int, int] | None:
    """Where a quotation stands in a text, by its letters and digits; start and end, or None."""
    positions = [index for index, char in enumerate(text) if char.isalnum()]
    wanted = _letters(quote)
    start = _letters(text).find(wanted) if wanted else -1
    return None if start < 0 else (positions[start], positions[start + len(wanted) - 1] + 1)


def _letters(text: str) -> str:
    """Its letters and digits in lower case, one character for one."""
    return "".join(
        low if len(low := char.lower()) == 1 else char for char in text if char.isalnum()
    )


def _check(path: Path, options: LoadOptions, document_id: str | None) -> None:
    if format_of(path).media_type not in PRINTED:
        raise DocumentUnreadableError(f"{path.name} has no pages to draw. Open the file itself.")
    digest = digest_file(path, options)
    if document_id is not None and digest != document_id:
        raise DocumentUnreadableError(
            f"{path.name} has changed since it was ingested. Ingest it again to see this page."
        )


def _clean_page(path: Path, page: int, password: str | None, data: bytes | None) -> CleanPage:
    try:
        with pdfium.open_pdf(data or path, path.name, password) as document:
            with pdfium.LOCK:
                is_attached = page > len(document) and document.count_attachments() > 0
            if is_attached:
                raise DocumentUnreadableError(
                    f"This passage is from a file attached to {path.name}. Open that in a PDF "
                    "reader to see its attachments."
                )
            text, lines, notes = pdfium.read_page(document, page - 1)
    except pdfium.PdfBrokenError as error:
        raise DocumentUnreadableError(
            f"Page {page} of {path.name} cannot be read. It may have changed: ingest it again."
        ) from error
    whole = layout.with_notes(layout.mark_paragraphs(text, lines), notes)
    return clean_pages(LoadedDocument(PDF, (Page(page, whole),)))[0]
