"""The tables of a PDF page as rows: every cell in its column, heads and labels of several lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from ingest.load.pdf_pieces import Piece
from ingest.load.pdf_tables import (
    FEWEST_COLUMNS,
    FEWEST_ROWS,
    Row,
    Table,
    column_of,
    find_tables,
    has_values,
    lines_of,
)

_CLOSE = 2.0  # heights of a line: the next line of the same cell
_HEAD_LINES = 16  # a head of five lines may be told word by word
_LOWEST, _HIGHEST = 0.5, 9.0  # heights of a line above the first figures
_HEAD_WORDS = 30  # characters of a piece of it
_LABEL_WORDS = 60
_MOST_LABELS = 2


class TableRow(NamedTuple):
    """A row: its pieces from and up to, and the numbers of those in each cell, as they are read."""

    first: int
    end: int
    cells: tuple[tuple[int, ...], ...]


def find_rows(text: str, pieces: Sequence[Piece]) -> list[list[TableRow]]:
    """The tables of a page, in order, each with its rows.

    Args:
        text: The raw text of the page.
        pieces: Its pieces as they are read.
    """
    if len(pieces) < FEWEST_ROWS * FEWEST_COLUMNS:
        return []
    lines = lines_of(text, pieces)
    found: list[list[TableRow]] = []
    for table in find_tables(text, pieces, lines):
        floor = found[-1][-1].end if found else 0
        head = _head(text, pieces, lines, table, floor)
        rows = _joined(text, pieces, chain(head, _laid_out(table)))
        if not any(row.cells[0] for row in rows):
            rows = [row._replace(cells=row.cells[1:]) for row in rows]
        found.append(rows)
    return found


def _laid_out(table: Table) -> Iterator[TableRow]:
    """Every cell in its column; what stands left of all figures, in the first."""
    for row in table.rows:
        cells: list[tuple[int, ...]] = [()] * (len(table.columns) + 1)
        for cell in row:
            place = column_of(cell.left, cell.right, table.columns) or 0
            cells[place] += tuple(range(cell.first, cell.end))
        yield TableRow(row[0].first, row[-1].end, tuple(cells))


def _joined(text: str, pieces: Sequence[Piece], rows: Iterable[TableRow]) -> list[TableRow]:
    """The rows, those made one whose label takes two lines or stands a little above its figures."""
    done: list[TableRow] = []
    for row in rows:
        if done and _is_one(text, pieces, done[-1], row):
            cells = zip(done[-1].cells, row.cells, strict=True)
            done[-1] = TableRow(done[-1].first, row.end, tuple(one + other for one, other in cells))
        else:
            done.append(row)
    return done


def _is_one(text: str, pieces: Sequence[Piece], row: TableRow, following: TableRow) -> bool:
    """Whether a line goes on with the row before it: at most one of them has figures."""
    last, first = pieces[row.end - 1], pieces[following.first]
    if not 0 <= last.bottom - first.bottom < _CLOSE * first.height:
        return False
    with_figures, has_figures = any(row.cells[1:]), any(following.cells[1:])
    if not following.cells[0]:
        return not with_figures
    within = text[pieces[following.cells[0][0]].start].islower()
    return within and not (with_figures and has_figures)


def _head(
    text: str, pieces: Sequence[Piece], lines: Sequence[Row], table: Table, floor: int
) -> list[TableRow]:
    """What stands above the columns and names them, and labels between that and the figures."""
    below = pieces[table.rows[0][0].first]
    cells: list[list[int]] = [[] for _ in range(len(table.columns) + 1)]
    labels: list[TableRow] = []
    first = end = table.rows[0][0].first
    for line in reversed(lines[max(0, table.first - _HEAD_LINES) : table.first]):
        places = _places(pieces, line, table, below)
        if places is None or line[0].first < floor or has_values(text, pieces, line):
            break
        numbers = range(line[0].first, line[-1].end)
        if set(places) == {0}:
            if first < end or len(labels) == _MOST_LABELS:
                break
            rest = ((),) * len(table.columns)
            labels.insert(0, TableRow(numbers.start, numbers.stop, (tuple(numbers), *rest)))
            end = first = numbers.start
            continue
        for number, place in zip(numbers, places, strict=True):
            cells[place].append(number)
        first = numbers.start
    if sum(map(bool, cells[1:])) < FEWEST_COLUMNS:
        return labels[-1:] if labels and table.rows[0][0].is_figure else []
    for cell in cells:
        cell.sort(key=lambda number: (-round(pieces[number].bottom), pieces[number].left))
    return [TableRow(first, end, tuple(map(tuple, cells))), *labels]


def _places(pieces: Sequence[Piece], line: Row, table: Table, below: Piece) -> list[int] | None:
    """The column of each piece of a line above a table; None if it is no part of its head.

    What names two columns together is set in the first.
    """
    places = []
    for number in range(line[0].first, line[-1].end):
        piece = pieces[number]
        place = column_of(piece.left, piece.right, table.columns, most=2)
        height = (piece.bottom - below.bottom) / below.height
        if place is None or piece.is_sideways or not _LOWEST < height < _HIGHEST:
            return None
        if piece.end - piece.start > (_HEAD_WORDS if place else _LABEL_WORDS):
            return None
        places.append(place)
    return places
