"""Tables of a PDF page whose rows are ruled: by a grid of lines, or by lines below each row.

Each band between two rules is a row, however many lines of text its cells take.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ingest.load.pdf_bands import between, find_levels
from ingest.load.pdf_cells import FEWEST, TableCells, cell_lines
from ingest.load.pdf_grids import find_grids, in_grid
from ingest.load.pdf_pieces import Piece
from ingest.load.pdf_rules import Rules

_MOST_RULES = 600
_BOTH = 0.5  # of the rows have text in two columns
_FILLED = 0.4  # of all cells have text; a drawing with measures in it has fewer
_LONGEST_CELL = 800  # characters
_MOST_LINES = 6  # in two cells side by side: with more, rows are missing
_MONEY = re.compile(r"[$€£¥]+")


def ruled_tables(text: str, pieces: Sequence[Piece], rules: Rules) -> list[list[TableCells]]:
    """The ruled tables of a page, each with its rows, none with a piece of another.

    Args:
        text: The raw text of the page.
        pieces: Its pieces as they are read.
        rules: What is drawn on it.
    """
    if len(rules.horizontal) + len(rules.vertical) > _MOST_RULES:
        return []
    tables: list[list[TableCells]] = []
    taken: set[int] = set()
    for found in _found(pieces, rules):
        rows = _with_money(text, pieces, _without_empty(found))
        numbers = {number for row in rows for cell in row for number in cell}
        if _is_table(pieces, rows) and not numbers & taken:
            tables.append(rows)
            taken |= numbers
    return tables


def _found(pieces: Sequence[Piece], rules: Rules) -> Iterator[list[TableCells]]:
    inside = set()
    for grid in find_grids(rules):
        inside.update(grid.rules)
        yield in_grid(pieces, grid)
    for level in find_levels([rule for rule in rules.horizontal if rule not in inside]):
        yield from between(pieces, level)


def _without_empty(rows: Sequence[TableCells]) -> list[TableCells]:
    """Rows and columns that have text."""
    found = [row for row in rows if any(row)]
    filled = [any(row[column] for row in found) for column in range(len(found[0]) if found else 0)]
    return [tuple(cell for cell, has in zip(row, filled, strict=True) if has) for row in found]


def _with_money(text: str, pieces: Sequence[Piece], rows: Sequence[TableCells]) -> list[TableCells]:
    """The rows without columns of nothing but signs of money, which belong to what follows."""
    columns = list(zip(*rows, strict=True))
    for place in reversed(range(len(columns) - 1)):
        signs = [text[pieces[n].start : pieces[n].end] for cell in columns[place] for n in cell]
        if all(map(_MONEY.fullmatch, signs)):
            joined = zip(columns[place], columns[place + 1], strict=True)
            columns[place : place + 2] = [tuple(one + other for one, other in joined)]
    return list(zip(*columns, strict=True))


def _is_table(pieces: Sequence[Piece], rows: Sequence[TableCells]) -> bool:
    """Whether cells stand side by side in enough rows, and none is a page of prose."""
    both = sum(sum(map(bool, row)) >= FEWEST for row in rows)
    if both < max(FEWEST, _BOTH * len(rows)):
        return False
    filled = sum(bool(cell) for row in rows for cell in row)
    if filled < _FILLED * len(rows) * len(rows[0]):
        return False
    for row in rows:
        tall = sorted(len(cell_lines(pieces, cell)) for cell in row)
        if tall[-2] > _MOST_LINES:
            return False
    longest = max(
        sum(pieces[n].end - pieces[n].start for n in cell) for row in rows for cell in row
    )
    return longest <= _LONGEST_CELL
