"""PDFium: opening documents, and their text with the style of each line.

PDFium is not thread-safe: every call into it, closing included, is made under ``LOCK``. The lock
is taken page by page, so that a page image does not wait for a whole report to be read.
"""

from __future__ import annotations

import atexit
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import c_int, create_string_buffer
from functools import cache
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, NamedTuple

from ingest.load.footnotes import footnotes_last
from ingest.load.page_tables import find_tables
from ingest.load.page_text import PageText, arranged
from ingest.load.pdf_links import links_on
from ingest.load.pdf_notes import notes_on
from ingest.load.pdf_pieces import as_shown, character_index, read_pieces
from ingest.load.reading_order import reading_order
from rag_app.errors import DocumentUnreadableError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

LOCK = RLock()

_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD
_FORMS = (1, 3)  # FORMTYPE_ACRO_FORM, and FORMTYPE_XFA_FOREGROUND, which has one beneath
_REGULAR, _BOLD = 400, 700
_LINE = re.compile(r"(?:[^\r\n]|\r(?!\n)|(?<!\r|\n)\n(?!\n))+")


class PdfBrokenError(Exception):
    """PDFium cannot make anything of the file; another parser may."""


class Line(NamedTuple):
    """A line of a page's raw text: where it stands in the text, and how it is set on the page.

    ``start`` and ``end`` are offsets in the raw text; ``top`` and ``bottom`` (points, upwards) are
    of its first character, as are ``size`` and ``weight``.
    """

    start: int
    end: int
    top: float
    bottom: float
    size: float
    weight: int


class PageContent(NamedTuple):
    """A page's text in its reading order, its lines, and what is filled in, noted, linked on it."""

    text: str
    lines: Sequence[Line]
    notes: tuple[str, ...] = ()


@contextmanager
def open_pdf(source: Path | bytes, name: str, password: str | None = None) -> Iterator[PdfDocument]:
    """Opens a document (a ``pypdfium2.PdfDocument``) and closes it.

    Raises:
        DocumentUnreadableError: It is encrypted, and the password is missing or wrong.
        PdfBrokenError: It is not a PDF, or broken beyond what PDFium mends.
    """
    import pypdfium2

    try:
        with LOCK:
            document = pypdfium2.PdfDocument(source, password=password or None)
            if document.get_formtype() in _FORMS:
                # It warns of XFA, of which it fills in the plain form beneath.
                logging.getLogger("pypdfium2").setLevel(logging.ERROR)
                document.init_forms()
    except pypdfium2.PdfiumError as error:
        if error.err_code == _WRONG_PASSWORD:
            raise encrypted(name, password) from error
        raise PdfBrokenError(str(error)) from error
    _close_at_exit()
    try:
        yield document
    finally:
        with LOCK:
            document.close()


def read_page(document: PdfDocument, index: int) -> PageContent:
    """What is on the page at ``index`` (from 0).

    Raises:
        PdfBrokenError: The page cannot be read.
    """
    with LOCK, text_page(document, index) as (handle, page):
        found = page_text(page)
        notes = (*notes_on(handle, found.text), *links_on(handle, page, found.text))
        return PageContent(found.text, _lines(page, found), notes)


def page_text(page: PdfTextPage) -> PageText:
    """The text of a page in its reading order, traced to PDFium's own."""
    text = raw_text(page)
    pieces = read_pieces(page, text)
    is_changed = False
    for rearranged in (reading_order, footnotes_last):
        if (order := rearranged(text, pieces)) is not None:
            pieces, is_changed = [pieces[number] for number in order], True
    found = find_tables(page.page, text, pieces)
    is_changed = is_changed or bool(found.tables)
    return arranged(text, found.pieces, found.tables) if is_changed else PageText(text)


def outline(document: PdfDocument) -> list[tuple[int, int, str]]:
    """The bookmarks that lead to a page: level (from 1), page number (from 1), title."""
    import pypdfium2

    found = []
    with LOCK:
        try:
            for mark in document.get_toc():
                target = mark.get_dest()
                index = target.get_index() if target else None
                title = " ".join(mark.get_title().split())
                if index is not None and title:
                    found.append((mark.level + 1, index + 1, title))
        except pypdfium2.PdfiumError:
            return found  # a broken outline is worth what was read of it
    return found


def properties(document: PdfDocument) -> tuple[dict[str, str], list[str]]:
    """The information dictionary (without empty entries), and the label of each page."""
    with LOCK:
        metadata = {key: value.strip() for key, value in document.get_metadata_dict().items()}
        labels = [document.get_page_label(index) for index in range(len(document))]
    return {key: value for key, value in metadata.items() if value}, labels


@cache
def _close_at_exit() -> None:
    """Keeps other threads out of PDFium once the process ends.

    pypdfium2 then closes what is open and unloads the library, under a background thread that may
    be inside it. Handlers run in reverse order; its own are there once a document was opened.
    """
    atexit.register(LOCK.acquire)


def encrypted(name: str, password: str | None) -> DocumentUnreadableError:
    """What to say of a file that does not open with the password given, if one was given."""
    if password:
        return DocumentUnreadableError(
            f"{name} is encrypted and the password given does not open it. "
            "Give the right one with --password."
        )
    return DocumentUnreadableError(f"{name} is encrypted. Give its password with --password.")


@contextmanager
def text_page(document: PdfDocument, index: int) -> Iterator[tuple[PdfPage, PdfTextPage]]:
    """The page at ``index`` (from 0) and its text, closed again; the caller holds ``LOCK``.

    Raises:
        PdfBrokenError: The page cannot be read.
    """
    import pypdfium2

    page = None
    try:
        page = document[index]
        text = page.get_textpage()
        try:
            yield page, text
        finally:
            text.close()
    except pypdfium2.PdfiumError as error:
        raise PdfBrokenError(str(error)) from error
    finally:
        if page is not None:
            page.close()


def raw_text(page: PdfTextPage) -> str:
    """The text of a page as PDFium gives it, lines ended by CR and LF."""
    # 'replace' keeps one character for one, where 'ignore' would shift all offsets behind it.
    text: str = page.get_text_range(errors="replace")
    return text


def _lines(page: PdfTextPage, content: PageText) -> list[Line]:
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    lines = []
    index_of = character_index(page, raw_text(page) if content.runs else content.text)
    rotation = page.page.get_rotation()
    for match in _LINE.finditer(content.text):
        if not match.group().isspace():
            start, end = match.span()
            index = index_of(content.raw_offset(start))
            if raw.FPDFText_GetLooseCharBox(page, index, box):
                size = raw.FPDFText_GetFontSize(page, index)
                weight = raw.FPDFText_GetFontWeight(page, index) or _named_weight(page, index)
                _, bottom, _, top = as_shown(box, rotation)
                lines.append(Line(start, end, top, bottom, size, weight))
    return lines


def _named_weight(page: PdfTextPage, index: int) -> int:
    """The weight that a font's name tells, for the standard fonts, which state none."""
    from pypdfium2 import raw

    name = create_string_buffer(64)
    raw.FPDFText_GetFontInfo(page, index, name, len(name), c_int())
    return _BOLD if b"bold" in name.raw.lower() else _REGULAR
