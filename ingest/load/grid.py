"""Sheets of cells as short tables, each under the range of cells that it holds.

A passage should say where it stands and name its columns. So a sheet is written in blocks of about
a passage's length: the range as heading, the column names, and rows that begin with their number.
An empty row ends a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ingest.load.writer import DocumentWriter

BLOCK_TOKENS = 170
"""Tokens of a block as estimated: a passage of the usual size has room for half as many again."""

_NUMBER = re.compile(r"[(€$£¥+-]*\d[\d.,:/ -]*\)?%?")
_YEAR = re.compile(r"(?:19|20)\d\d")

Row = tuple[int, Sequence[str]]
"""A row's number and its cells, from the first column on."""


class Place(NamedTuple):
    """A range of cells: rows from 1, columns from 0, both ends in."""

    top: int
    bottom: int
    left: int
    right: int


def column_name(column: int) -> str:
    """The letters of a column: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def cell_range(place: Place) -> str:
    """``A1:C9``, as spreadsheets write it."""
    first = f"{column_name(place.left)}{place.top}"
    last = f"{column_name(place.right)}{place.bottom}"
    return first if first == last else f"{first}:{last}"


def write_grid(
    writer: DocumentWriter,
    rows: Iterable[Row],
    level: int,
    named: Callable[[Place], str],
    *,
    has_head: bool = False,
) -> int:
    """Writes the rows of a sheet.

    Args:
        writer: Where to.
        rows: All rows, the empty ones among them.
        level: Of the headings with the ranges.
        named: What a range is called.
        has_head: Whether the first row names the columns for certain.

    Returns:
        The number of rows that held something.
    """
    written = 0
    known: _Region | None = None
    for rows_of_region in _regions(rows):
        region = _region(rows_of_region, known, certain=has_head and not written)
        for block in _blocks(region):
            _write(writer, region, block, level, named)
        written += len(rows_of_region)
        known = region
    return written


class _Region(NamedTuple):
    """A table: lines of one cell above it, what names its columns, and its rows."""

    left: int
    right: int
    titles: list[Row]
    head: Row | None
    rows: list[Row]

    def cut(self, row: Row) -> list[str]:
        """The cells of a row within the table's columns."""
        cells = row[1][self.left : self.right + 1]
        return [*cells, *[""] * (self.right + 1 - self.left - len(cells))]


def _regions(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows that follow each other without an empty one."""
    region: list[Row] = []
    for number, cells in rows:
        if any(cells):
            if region and number != region[-1][0] + 1:
                yield region
                region = []
            region.append((number, cells))
        elif region:
            yield region
            region = []
    if region:
        yield region


def _region(rows: list[Row], known: _Region | None, *, certain: bool) -> _Region:
    used = [[index for index, cell in enumerate(cells) if cell] for _, cells in rows]
    left = min(columns[0] for columns in used)
    right = max(columns[-1] for columns in used)
    # The first row with several cells begins the table.
    first = next((place for place, columns in enumerate(used) if len(columns) > 1), len(rows))
    titles, rest = ([], rows) if certain else (rows[:first], rows[first:])
    if left == right:
        return _Region(left, right, [], None, rows)
    if rest and (certain or (len(rest) > 1 and _names_columns(rest[0][1]))):
        return _Region(left, right, titles, rest[0], rest[1:])
    same = known is not None and (known.left, known.right) == (left, right)
    return _Region(left, right, titles, known.head if known and same else None, rest)


def _blocks(region: _Region) -> Iterator[list[Row]]:
    """The rows of a table in groups of about a passage's length."""
    always = _tokens(region.head[1]) if region.head else 0
    block: list[Row] = []
    size = always
    for row in region.rows:
        length = _tokens(row[1])
        if block and size + length > BLOCK_TOKENS:
            yield block
            block, size = [], always
        block.append(row)
        size += length
    if block or not region.rows:
        yield block


def _tokens(cells: Sequence[str]) -> int:
    """About what a model makes of a row: a bar for each cell, and pieces of its text."""
    return 3 + sum(
        1 + (len(cell) // 2 + 1 if cell[:1].isdigit() else (len(cell) + 2) // 3) for cell in cells
    )


def _write(
    writer: DocumentWriter,
    region: _Region,
    block: list[Row],
    level: int,
    named: Callable[[Place], str],
) -> None:
    is_first = not region.rows or block[0] is region.rows[0]
    lead = [*region.titles, *([region.head] if region.head else [])] if is_first else []
    covered = [row for row in (*lead, *block) if row is not None]
    top = min((number for number, _ in covered), default=1)
    if region.head and region.rows and region.head[0] + 1 < region.rows[0][0]:
        top = block[0][0]  # the names are those of a table further up
    bottom = covered[-1][0] if covered else top
    writer.heading(level, named(Place(top, bottom, region.left, region.right)))
    for title in region.titles if is_first else ():
        writer.line(" ".join(cell for cell in title[1] if cell))
    if region.left == region.right:
        for row in block:
            writer.line(region.cut(row)[0])
        return
    head = [["Row", *region.cut(region.head)]] if region.head else []
    writer.rows([*head, *([str(row[0]), *region.cut(row)] for row in block)])


def _names_columns(cells: Sequence[str]) -> bool:
    """Whether a row reads like names: no cell of it is a number; years are names too."""
    return not any(_NUMBER.fullmatch(cell) and not _YEAR.fullmatch(cell) for cell in cells if cell)
