"""The addresses that the links of a PDF page lead to, where its text does not show them."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import byref, c_int, c_ushort, create_string_buffer
from typing import TYPE_CHECKING

from ingest.load.links import LONGEST, unshown

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

MOST = 50
"""Lines that a page may get."""
_LOOKED_AT = 2000
_MOST_WORDS = 120
_AROUND = 1.0
"""A link's box may cut its letters by so many points."""


def links_on(page: PdfPage, words: PdfTextPage, text: str) -> tuple[str, ...]:
    """A line for each address that links lead to and the page does not show: words and address.

    Args:
        page: A page of an open document; the caller holds PDFium's lock.
        words: Its text, which tells what stands within the box of a link.
        text: The same as it is kept.
    """
    from pypdfium2 import raw

    found = list(_addresses(page)) if raw.FPDFPage_GetAnnotCount(page) > 0 else []
    if not found:
        return ()
    return unshown(((_words_in(words, link), address) for link, address in found), text)[:MOST]


def _addresses(page: PdfPage) -> Iterator[tuple[object, str]]:
    """Links with the addresses that they lead to."""
    from pypdfium2 import raw

    position, link = c_int(0), raw.FPDF_LINK()
    for _ in range(_LOOKED_AT):
        if not raw.FPDFLink_Enumerate(page, byref(position), byref(link)):
            return
        action = raw.FPDFLink_GetAction(link)
        if action and raw.FPDFAction_GetType(action) == raw.PDFACTION_URI:
            buffer = create_string_buffer(LONGEST + 2)
            size = raw.FPDFAction_GetURIPath(page.pdf, action, buffer, len(buffer))
            if size <= len(buffer):
                yield link, buffer.value.decode("utf-8", "replace")
                link = raw.FPDF_LINK()


def _words_in(page: PdfTextPage, link: object) -> str:
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    if not raw.FPDFLink_GetAnnotRect(link, box):
        return ""
    sides = (box.left - _AROUND, box.top, box.right + _AROUND, box.bottom)
    buffer = (c_ushort * (_MOST_WORDS + 1))()
    length = raw.FPDFText_GetBoundedText(page, *sides, buffer, _MOST_WORDS)
    return bytes(buffer)[: 2 * max(length, 0)].decode("utf-16-le", "replace").rstrip("\0")
