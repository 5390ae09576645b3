"""The tables of a PDF page: ruled ones, and those that only figures below each other tell.

Figures come first: they know which signs of money and brackets belong to a number, where reports
rule and shade every one of these apart. What rules add are tables of words, cells of several lines
and columns between others. A page is asked for its rules, which takes as long as its text, only
where words that are in no table of figures stand below each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ingest.load.pdf_cells import TableCells, cell_lines
from ingest.load.pdf_pieces import Piece
from ingest.load.pdf_ruled import ruled_tables
from ingest.load.pdf_rules import read_rules
from ingest.load.pdf_table_rows import TableRow, find_rows

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_FEWEST = 3  # lines with words at the same place
_NEAR = 2.0  # points: edges that are meant to be one
_MARK = 3  # characters of what may be the mark of a list item


class TabledPage(NamedTuple):
    """The pieces of a page, those of a table one after the other, and its tables."""

    pieces: Sequence[Piece]
    tables: list[list[TableRow]]


def find_tables(page: PdfPage, text: str, pieces: Sequence[Piece]) -> TabledPage:
    """The tables of a page; the caller holds PDFium's lock.

    Args:
        page: The page.
        text: Its raw text.
        pieces: Its pieces as they are read.
    """
    figures = find_rows(text, pieces)
    taken = {n for table in figures for row in table for n in range(row.first, row.end)}
    if not _are_in_columns(pieces, [n for n in range(len(pieces)) if n not in taken]):
        return TabledPage(pieces, figures)
    found: list[list[TableCells]] = []
    for rows in ruled_tables(text, pieces, read_rules(page)):
        numbers = set(_numbers(rows))
        if 2 * len(numbers & taken) <= len(numbers):
            found.append(rows)
            taken |= numbers
    return _together(text, pieces, found) if found else TabledPage(pieces, figures)


def _are_in_columns(pieces: Sequence[Piece], numbers: Sequence[int]) -> bool:
    """Whether words begin or end below each other to the right of others, and not of a bullet."""
    edges: Counter[int] = Counter()
    for line in cell_lines(pieces, numbers):
        first = pieces[line[0]]
        if len(line) > 2 or (len(line) == 2 and first.end - first.start > _MARK):
            edges.update({round(pieces[number].left / _NEAR) for number in line[1:]})
            edges.update({-round(pieces[number].right / _NEAR) for number in line[1:]})
    return max(edges.values(), default=0) >= _FEWEST


def _numbers(rows: Iterable[TableCells]) -> Iterator[int]:
    return (number for row in rows for cell in row for number in cell)


def _together(
    text: str, pieces: Sequence[Piece], ruled: Sequence[Sequence[TableCells]]
) -> TabledPage:
    """The page with each ruled table where its first piece stands, row by row."""
    table_of = {number: rows for rows in ruled for number in _numbers(rows)}
    order: list[Piece] = []
    tables: list[list[TableRow]] = []
    between: list[Piece] = []
    placed: set[int] = set()
    for number, piece in enumerate(pieces):
        rows = table_of.get(number)
        if rows is None:
            between.append(piece)
        elif id(rows) not in placed:
            placed.add(id(rows))
            tables += _moved(find_rows(text, between), len(order))
            order += between
            between = []
            tables.append(_laid_out(pieces, rows, order))
    tables += _moved(find_rows(text, between), len(order))
    return TabledPage([*order, *between], tables)


def _laid_out(
    pieces: Sequence[Piece], rows: Sequence[TableCells], order: list[Piece]
) -> list[TableRow]:
    """The rows of a table, its pieces added to those before it."""
    table = []
    for row in rows:
        first = len(order)
        cells = []
        for cell in row:
            cells.append(tuple(range(len(order), len(order) + len(cell))))
            order += (pieces[number] for number in cell)
        table.append(TableRow(first, len(order), tuple(cells)))
    return table


def _moved(tables: Iterable[Sequence[TableRow]], by: int) -> Iterator[list[TableRow]]:
    """Tables whose pieces stand further behind."""
    for table in tables:
        yield [
            TableRow(
                row.first + by,
                row.end + by,
                tuple(tuple(number + by for number in cell) for cell in row.cells),
            )
            for row in table
        ]
