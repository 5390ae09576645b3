"""Tables of a PDF page whose rows are ruled and whose columns are not.

Rules that begin and end below each other part bands. Bands with text side by side are rows; the
columns are parted by the strips that nearly all of them leave free.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ingest.load.pdf_cells import FEWEST, TableCells, cell_lines, in_order, middle
from ingest.load.pdf_pieces import Piece
from ingest.load.pdf_rules import Rule

_SAME_END = 2.5  # points between ends of rules that are meant to be one
_OUTSIDE = 3.0  # points that text may stand out
_CROSSED = 0.15  # of the rows may cross the strip between two columns
_BEYOND = 2.2  # heights of a line: a row above the first rule or below the last
_CLOSE = 1.5  # heights from one line of a head to its next
_NARROW = 0.5  # of the width of a table; what is wider stands above it and is not its head
_TALLEST_LABEL = 2.5  # heights of a line
_LISTED = 3  # lines that stand below each other in every cell of a row are rows
_LEVEL = 3.0  # points between what is meant to stand side by side

Strips = Sequence[float]
"""Where columns are parted, from the left."""


class _Band(NamedTuple):
    """What stands between two rules: the numbers of its pieces, and how high it is."""

    numbers: tuple[int, ...]
    height: float


def find_levels(rules: Sequence[Rule]) -> Iterator[list[Rule]]:
    """Rules that begin and end below each other, from the top."""
    left: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda one: (one.start, one.end)):
        for level in left:
            first = level[0]
            apart = max(abs(first.start - rule.start), abs(first.end - rule.end))
            if apart <= _SAME_END:
                level.append(rule)
                break
        else:
            left.append([rule])
    for level in left:
        if len(level) > FEWEST:
            yield sorted(level, reverse=True)


def between(pieces: Sequence[Piece], level: Sequence[Rule]) -> Iterator[list[TableCells]]:
    """The tables between some rules: runs of bands with text side by side.

    Args:
        pieces: All pieces of the page.
        level: Rules that begin and end below each other, from the top.
    """
    left, right = level[0].start - _OUTSIDE, level[0].end + _OUTSIDE
    inside = [
        number
        for number, piece in enumerate(pieces)
        if left < (piece.left + piece.right) / 2 < right and not piece.is_sideways
    ]
    bands = [
        _Band(
            tuple(n for n in inside if lower.at < middle(pieces[n]) < upper.at),
            upper.at - lower.at,
        )
        for upper, lower in pairwise(level)
    ]
    for first, end in _runs(pieces, bands):
        rows = [band.numbers for band in bands[first:end]]
        strips = _strips(pieces, rows)
        if not strips:
            continue
        taken = {number for band in bands for number in band.numbers}
        free = [number for number in inside if number not in taken]
        width = _NARROW * (right - left)
        above = _head(pieces, free, level[first].at, width)
        below = _line_below(pieces, free, level[end].at)
        if len(_columns(pieces, above, strips)) >= FEWEST:
            rows = [above, *rows]
        if len(_columns(pieces, below, strips)) >= FEWEST and not _crosses(pieces, below, strips):
            rows = [*rows, below]
        yield list(_split(pieces, [_parted(pieces, row, strips) for row in rows]))


def _runs(pieces: Sequence[Piece], bands: Sequence[_Band]) -> Iterator[tuple[int, int]]:
    """From and up to which band there are rows: side by side, or one short label between such."""
    sided = [len(_intervals(pieces, [band.numbers])) > 1 for band in bands]
    first: int | None = None
    last = 0
    for number, band in enumerate(bands):
        if sided[number]:
            first = number if first is None else first
            last = number
        elif first is not None and not _is_label(pieces, band):
            yield first, last + 1
            first = None
    if first is not None:
        yield first, last + 1


def _is_label(pieces: Sequence[Piece], band: _Band) -> bool:
    """Whether a band holds nothing, or one line at most."""
    if not band.numbers:
        return True
    return len(band.numbers) == 1 and band.height < _TALLEST_LABEL * pieces[band.numbers[0]].height


def _intervals(pieces: Sequence[Piece], rows: Sequence[Sequence[int]]) -> list[tuple[float, float]]:
    """What the text of some rows covers, from the left."""
    found: list[tuple[float, float]] = []
    for left, right in sorted((pieces[n].left, pieces[n].right) for row in rows for n in row):
        if found and left <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], right))
        else:
            found.append((left, right))
    return found


def _strips(pieces: Sequence[Piece], rows: Sequence[Sequence[int]]) -> list[float]:
    """Where one column ends and the next one begins: what nearly all rows leave free."""
    covered = [_intervals(pieces, [row]) for row in rows]
    edges = sorted({edge for row in covered for span in row for edge in span})
    most = int(_CROSSED * len(rows))
    found: list[float] = []
    is_open = False
    for left, right in pairwise(edges):
        centre = (left + right) / 2
        crossing = sum(any(one < centre < other for one, other in row) for row in covered)
        if crossing <= most and not is_open and left > edges[0]:
            found.append(centre)
        is_open = crossing <= most
    return [
        strip
        for strip in found
        if sum(any(other < strip for _, other in row) for row in covered) >= FEWEST
        and sum(any(one > strip for one, _ in row) for row in covered) >= FEWEST
    ]


def _head(pieces: Sequence[Piece], free: Sequence[int], at: float, width: float) -> tuple[int, ...]:
    """The lines of narrow pieces that stand close above a rule and above each other."""
    found: list[int] = []
    floor = at
    above = [number for number in free if middle(pieces[number]) > at]
    for line in reversed(cell_lines(pieces, above)):
        far = max(middle(pieces[number]) - floor for number in line)
        reach = (_CLOSE if found else _BEYOND) * pieces[line[0]].height
        if far > reach or any(pieces[n].right - pieces[n].left > width for n in line):
            break
        found += line
        floor = middle(pieces[line[0]])
    return tuple(found)


def _line_below(pieces: Sequence[Piece], free: Sequence[int], at: float) -> tuple[int, ...]:
    """The line of text next below a rule."""
    lines = cell_lines(pieces, [number for number in free if middle(pieces[number]) < at])
    near = lines and at - middle(pieces[lines[0][0]]) < _BEYOND * pieces[lines[0][0]].height
    return tuple(lines[0]) if near else ()


def _columns(pieces: Sequence[Piece], row: Sequence[int], strips: Strips) -> set[int]:
    """The columns in which the pieces of a row begin."""
    return {bisect_right(strips, pieces[number].left) for number in row}


def _crosses(pieces: Sequence[Piece], row: Sequence[int], strips: Strips) -> bool:
    return any(pieces[n].left < strip < pieces[n].right for n in row for strip in strips)


def _parted(pieces: Sequence[Piece], row: Sequence[int], strips: Strips) -> TableCells:
    cells: list[list[int]] = [[] for _ in range(len(strips) + 1)]
    for number in row:
        cells[bisect_right(strips, pieces[number].left)].append(number)
    return tuple(in_order(pieces, cell) for cell in cells)


def _split(pieces: Sequence[Piece], rows: Sequence[TableCells]) -> Iterator[TableCells]:
    """The rows; one for each line where rules stand only around some of them."""
    for row in rows:
        lines = [cell_lines(pieces, cell) for cell in row if cell]
        heights = [[middle(pieces[line[0]]) for line in cell] for cell in lines]
        count = len(heights[0]) if heights else 0
        if (
            len(lines) < FEWEST
            or count < _LISTED
            or not all(
                len(one) == count
                and all(abs(a - b) < _LEVEL for a, b in zip(one, heights[0], strict=True))
                for one in heights
            )
        ):
            yield row
            continue
        for number in range(count):
            cells = iter(lines)
            yield tuple(tuple(next(cells)[number]) if cell else () for cell in row)
