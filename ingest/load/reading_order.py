"""The order in which the columns of a page are read.

Most programs that make PDFs write text in its order, so that order stands. It is changed only where
prose stands in columns beside each other and the file tells them line by line, or the right one
first. Columns are found as a typesetter sees them: a vertical strip without text, with running
prose on both sides (lines that begin within a sentence), above it and below it whatever crosses the
strip. Cells of a table do not begin within sentences, so that tables keep their rows; and where the
file tells several lines of one side, then several of the other, it tells cells, and is believed.

This is the recursive X-Y cut (Nagy and Seth 1984) with prose as the condition of a vertical cut.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from ingest.load.pdf_pieces import Piece

_LONG = 15  # characters of a piece that may be a line of prose
_FEWEST = 4  # lines of prose on each side
_WITHIN_SENTENCE = 0.35  # of the lines of prose begin with a small letter; most do in English
_PROSE = 0.6  # of the characters of a column are in lines of prose
_FIGURES = 0.25
_NARROW = 0.62  # of the width of all text; a line of a column is not as wide
_NEAR = 1.5  # points between left edges that are meant to be one
_EDGES = 8  # left edges that are tried
_MIXED = 1.0  # turns from one side to the other for each line that has both
_APART = 1.7  # steps between lines: what is so far from the columns is a header or a footer
_HEADER_LINES = 3
_DEEPEST = 12
_MOST = 5000  # pieces; a poster has no columns of prose


class _Band(NamedTuple):
    """Two columns: the numbers of the pieces on each side, and whether the file has them wrong."""

    left: list[int]
    right: list[int]
    is_wrong: bool


def reading_order(text: str, pieces: Sequence[Piece]) -> list[int] | None:
    """Numbers of the pieces in the order in which they are read; None if theirs is right.

    Args:
        text: The raw text of the page.
        pieces: All its pieces, in the order of the text.
    """
    upright = [number for number, piece in enumerate(pieces) if not piece.is_sideways]
    if len(pieces) > _MOST or 5 * len(upright) < 4 * len(pieces) or not _may_have_columns(pieces):
        return None
    arranger = _Arranger(text, pieces)
    order = arranger.arranged(upright, 0)
    order += (number for number, piece in enumerate(pieces) if piece.is_sideways)
    return order if arranger.found_wrong else None


def _may_have_columns(pieces: Sequence[Piece]) -> bool:
    """A cheap look: whether there are enough lines that are not as wide as the page."""
    long = [piece for piece in pieces if piece.end - piece.start >= _LONG]
    if len(long) < 2 * _FEWEST:
        return False
    width = max(piece.right for piece in pieces) - min(piece.left for piece in pieces)
    narrow = sum(1 for piece in long if piece.right - piece.left < _NARROW * width)
    return narrow >= 2 * _FEWEST


class _Arranger:
    def __init__(self, text: str, pieces: Sequence[Piece]) -> None:
        self._text, self._pieces = text, pieces
        self.found_wrong = False

    def arranged(self, numbers: list[int], depth: int) -> list[int]:
        """Some pieces of the page, in the order in which they are read."""
        band = self._widest(numbers) if depth < _DEEPEST else None
        if band is None:
            return numbers
        self.found_wrong |= band.is_wrong
        inside = {*band.left, *band.right}
        rest = [number for number in numbers if number not in inside]
        top = max(self._middle(number) for number in inside)
        parts = (
            [number for number in rest if self._middle(number) > top],
            band.left,
            band.right,
            [number for number in rest if self._middle(number) <= top],
        )
        return [number for part in parts for number in self.arranged(part, depth + 1)]

    def _widest(self, numbers: list[int]) -> _Band | None:
        """The two columns with the most text."""
        if len(numbers) < 2 * _FEWEST:
            return None
        rows = self._rows(numbers)
        edges = Counter(round(self._pieces[number].left / 2) for number in numbers)
        found = [
            band
            for edge, count in edges.most_common(_EDGES)
            if count >= _FEWEST
            for run in self._runs(rows, 2 * edge)
            if (band := self._band(run, 2 * edge)) is not None
        ]
        return max(found, key=lambda band: len(band.left) + len(band.right), default=None)

    def _rows(self, numbers: list[int]) -> list[list[int]]:
        """Pieces that stand side by side, from the top of the page."""
        rows: list[list[int]] = []
        floor = 0.0
        for number in sorted(numbers, key=lambda one: -self._middle(one)):
            if rows and self._middle(number) > floor:
                rows[-1].append(number)
            else:
                rows.append([number])
                floor = self._middle(number) - self._pieces[number].height / 2
        return rows

    def _middle(self, number: int) -> float:
        return (self._pieces[number].top + self._pieces[number].bottom) / 2

    def _runs(self, rows: list[list[int]], x: float) -> list[list[list[int]]]:
        """Rows that follow each other and leave a strip at ``x`` free."""
        runs: list[list[list[int]]] = [[]]
        for row in rows:
            if any(self._crosses(number, x) for number in row):
                runs.append([])
            else:
                runs[-1].append(row)
        return [
            self._without_header(part)
            for run in runs
            if len(run) >= _FEWEST
            for part in self._without_tables(run, x)
        ]

    def _crosses(self, number: int, x: float) -> bool:
        piece = self._pieces[number]
        return piece.left < x - _NEAR and piece.right > x + _NEAR

    def _gaps(self, run: list[list[int]]) -> list[int]:
        """Places before which rows stand further apart, over the whole width."""
        steps = [self._middle(one[0]) - self._middle(other[0]) for one, other in pairwise(run)]
        far = _APART * median(steps)
        return [place for place, step in enumerate(steps, 1) if step > far]

    def _without_tables(self, run: list[list[int]], x: float) -> list[list[list[int]]]:
        """The parts of a run between tables, which stand apart and are no prose."""
        parts: list[list[list[int]]] = [[]]
        for first, end in pairwise([0, *self._gaps(run), len(run)]):
            rows = run[first:end]
            left, right, both = self._sides(rows, x)
            if both > 1 and not (self._is_prose(left, 1) and self._is_prose(right, 1)):
                parts.append([])
            else:
                parts[-1] += rows
        return [part for part in parts if len(part) >= _FEWEST]

    def _without_header(self, run: list[list[int]]) -> list[list[int]]:
        """The rows without the outermost that stand apart from the others."""
        gaps = self._gaps(run)
        first = max((place for place in gaps if place <= _HEADER_LINES), default=0)
        end = min((place for place in gaps if place >= len(run) - _HEADER_LINES), default=len(run))
        return run[first:end]

    def _sides(self, run: list[list[int]], x: float) -> tuple[list[int], list[int], int]:
        """The pieces left and right of a strip, and how many rows have both."""
        sides: tuple[list[int], list[int]] = ([], [])
        both = 0
        for row in run:
            for number in row:
                sides[self._pieces[number].left >= x - _NEAR].append(number)
            both += len({self._pieces[number].left >= x - _NEAR for number in row}) > 1
        return sorted(sides[0]), sorted(sides[1]), both

    def _band(self, run: list[list[int]], x: float) -> _Band | None:
        left, right, both = self._sides(run, x)
        if not (self._is_prose(left, _FEWEST) and self._is_prose(right, _FEWEST)):
            return None
        is_right = [self._pieces[number].left >= x - _NEAR for number in sorted([*left, *right])]
        turns = sum(one != other for one, other in pairwise(is_right))
        is_mixed = both >= _FEWEST and turns >= _MIXED * both
        if turns > 1 and not is_mixed:
            return None  # cell by cell
        return _Band(left, right, is_mixed or right[0] < left[0])

    def _is_prose(self, numbers: list[int], fewest: int) -> bool:
        texts = [self._text[self._pieces[n].start : self._pieces[n].end] for n in numbers]
        lines = [text for text in texts if len(text) >= _LONG]
        characters = sum(map(len, texts))
        return (
            len(lines) >= fewest
            and sum(map(len, lines)) >= _PROSE * characters
            and sum(line[0].islower() for line in lines) >= _WITHIN_SENTENCE * len(lines)
            and sum(char.isdigit() for text in texts for char in text) <= _FIGURES * characters
        )
