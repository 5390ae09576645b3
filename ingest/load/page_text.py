"""The text of a PDF page in the order in which it is read, traced to PDFium's own."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from ingest.load.pdf_pieces import HYPHENS, Piece, on_same_line
from ingest.load.pdf_table_rows import TableRow

LINE_END = "\r\n"
"""How PDFium ends lines, and so do we."""

_PARAGRAPH_END = "\n\n"
_GAP = 4  # characters of white space between two pieces that follow each other


class Run(NamedTuple):
    """Characters that stand together in both texts."""

    start: int
    raw: int
    length: int


class PageText(NamedTuple):
    """A page's text.

    Attributes:
        text: In the order in which it is read.
        runs: What became of PDFium's text, in this order; None if it is the same text.
    """

    text: str
    runs: Sequence[Run] | None = None

    def raw_ranges(self, start: int, end: int) -> list[tuple[int, int]]:
        """Where in PDFium's text the characters from ``start`` up to ``end`` stand."""
        if self.runs is None:
            return [(start, end)]
        found = []
        for run in self.runs:
            first, last = max(start, run.start), min(end, run.start + run.length)
            if first < last:
                found.append((run.raw + first - run.start, run.raw + last - run.start))
        return found

    def raw_offset(self, offset: int) -> int:
        """Where in PDFium's text the first character from ``offset`` on stands that is its own."""
        if self.runs is None:
            return offset
        at = bisect_right(self.runs, (offset, math.inf)) - 1
        if at < 0 or offset >= self.runs[at].start + self.runs[at].length:
            return self.runs[min(at + 1, len(self.runs) - 1)].raw
        return self.runs[at].raw + offset - self.runs[at].start


def arranged(text: str, pieces: Sequence[Piece], tables: Sequence[Sequence[TableRow]]) -> PageText:
    """The pieces one after the other, lines ended where they end on the page, tables in rows.

    Args:
        text: The raw text of the page.
        pieces: Its pieces in the order in which they are read.
        tables: The tables that are among them.
    """
    writer = _Writer(text)
    rows = {row.first: row for table in tables for row in table}
    borders = {table[0].first for table in tables} | {table[-1].end for table in tables}
    number = 0
    while number < len(pieces):
        row = rows.get(number)
        if number in borders and number:
            writer.insert(_PARAGRAPH_END)
        elif row is not None and number:
            writer.insert(LINE_END)
        elif number:
            writer.between(pieces[number - 1], pieces[number])
        if row is None:
            writer.add(pieces[number].start, pieces[number].end)
            number += 1
        else:
            writer.row([[pieces[one] for one in cell] for cell in row.cells])
            number = row.end
    return PageText("".join(writer.parts), writer.runs)


class _Writer:
    def __init__(self, text: str) -> None:
        self._text, self._length = text, 0
        self.parts: list[str] = []
        self.runs: list[Run] = []

    def insert(self, words: str) -> None:
        """Writes what does not stand in the raw text."""
        self.parts.append(words)
        self._length += len(words)

    def add(self, start: int, end: int) -> None:
        """Writes a part of the raw text."""
        if start < end:
            self.runs.append(Run(self._length, start, end - start))
            self.insert(self._text[start:end])

    def between(self, piece: Piece, following: Piece) -> None:
        """Writes what stands between two pieces in the raw text, or a line end."""
        between = self._text[piece.end : following.start]
        if following.start < piece.end or (between.strip() or len(between) > _GAP):
            self.insert(LINE_END)
        elif not between or "\n" in between or on_same_line(piece, following):
            self.add(piece.end, following.start)
        else:
            self.insert(LINE_END)

    def row(self, cells: Sequence[Sequence[Piece]]) -> None:
        """Writes a row as Markdown has it."""
        self.insert("|")
        for cell in cells:
            hyphened = False
            for piece in cell:
                if not hyphened:
                    self.insert(" ")
                self.add(piece.start, piece.end)
                hyphened = self._text[piece.end - 1] in HYPHENS
            self.insert(" |")
