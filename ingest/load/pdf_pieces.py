"""Pieces of a PDF page: runs of words on one line with nothing but ordinary spaces between them.

PDFium's text alone does not tell the space between two words from that between two columns, and
now and then it writes what stands side by side, or even one below the other, as one line. Where the
words stand on the page tells.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage
    from pypdfium2.raw import FS_RECTF

# PDFium's hyphens at a line's end: the next line follows without white space.
HYPHENS = ("\ufffe", "\x02")
_WORD = re.compile(r"[^\s\ufffe\x02]+[\ufffe\x02]?|[\ufffe\x02]")
_BEYOND_16_BITS = re.compile("[\U00010000-\U0010ffff]")
_WIDE = 0.7  # of the height of the line: no space between words, however justified, is as wide
_SAME_LINE = 0.5  # of the lower of two heights is common to both


_Box = list[Any]
"""The fields of a piece that may still grow."""


class Piece(NamedTuple):
    """A run of words: where it stands in the raw text, and its box on the page in points."""

    start: int
    end: int
    left: float
    bottom: float
    right: float
    top: float
    is_sideways: bool = False

    @property
    def height(self) -> float:
        """Of its first character, ascender and descender included."""
        return self.top - self.bottom


def read_pieces(page: PdfTextPage, text: str) -> list[Piece]:
    """The pieces of a page, in the order of its raw text; the caller holds PDFium's lock."""
    pieces: list[_Box] = []
    piece: _Box | None = None
    for word in _words(page, text):
        if piece is not None and _goes_on(text, piece, word):
            piece[1], piece[4] = word[1], word[4]
        else:
            piece = word
            pieces.append(piece)
    return [Piece(*one) for one in pieces]


def on_same_line(one: Piece, other: Piece) -> bool:
    """Whether two pieces stand side by side."""
    common = min(one.top, other.top) - max(one.bottom, other.bottom)
    return common > _SAME_LINE * min(one.height, other.height)


def as_shown(box: FS_RECTF, rotation: int) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of a box on a page that is shown turned clockwise.

    The numbers may be below zero: only their differences count.
    """
    if not rotation:
        return box.left, box.bottom, box.right, box.top
    if rotation == 90:
        return box.bottom, -box.right, box.top, -box.left
    if rotation == 180:
        return -box.right, -box.top, -box.left, -box.bottom
    return -box.top, box.left, -box.bottom, box.right


def character_index(page: PdfTextPage, text: str) -> Callable[[int], int]:
    """From offsets in the text to PDFium's own numbers of characters; it counts in UTF-16 units."""
    from pypdfium2 import raw

    wide = [match.start() for match in _BEYOND_16_BITS.finditer(text)]
    if not wide and raw.FPDFText_CountChars(page) == len(text):
        return lambda offset: offset

    def index(offset: int) -> int:
        units = offset + bisect_left(wide, offset)
        return int(raw.FPDFText_GetCharIndexFromTextIndex(page, units))

    return index


def _words(page: PdfTextPage, text: str) -> Iterator[_Box]:
    from pypdfium2 import raw

    index = character_index(page, text)
    box, box_of = raw.FS_RECTF(), raw.FPDFText_GetLooseCharBox
    handle = page.raw  # what ctypes would look up at each call
    rotation = page.page.get_rotation()
    for match in _WORD.finditer(text):
        start, end = match.span()
        if not box_of(handle, index(start), box):
            continue
        left, bottom, right, top = as_shown(box, rotation)
        is_sideways = False
        if end - start > 1 and box_of(handle, index(end - 1), box):
            _, floor, right, _ = as_shown(box, rotation)
            is_sideways = abs(floor - bottom) > _SAME_LINE * (top - bottom)
        yield [start, end, left, bottom, right, top, is_sideways]


def _goes_on(text: str, piece: _Box, word: _Box) -> bool:
    """Whether a word follows on the same line, after no more than a space."""
    _, end, _, bottom, right, top, is_sideways = piece
    start, _, left, floor, _, ceiling, _ = word
    if is_sideways != word[6] or (start > end + 1 and "\n" in text[end:start]):
        return False
    if text[end - 1] in HYPHENS:
        return False
    if is_sideways:
        return True
    reach = _WIDE * (top - bottom)
    if not -reach < left - right < reach:
        return False
    if bottom == floor and top == ceiling:  # most words, and this is the innermost loop
        return True
    common = min(top, ceiling) - max(bottom, floor)
    return bool(common > _SAME_LINE * min(top - bottom, ceiling - floor))
