"""Grids of rules on a PDF page, and the text in their cells."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ingest.load.pdf_cells import FEWEST, TableCells, in_order, middle
from ingest.load.pdf_pieces import Piece
from ingest.load.pdf_rules import Rule, Rules

_TOUCHING = 3.0  # points between rules that meet
_WIDE = 0.25  # of the width of a grid: what is shorter parts no rows
_TALL = 0.3  # of its height: what is shorter parts no columns


class Grid(NamedTuple):
    """Rules that meet.

    Attributes:
        rules: Its horizontal ones.
        down: Heights at which its rows end, from the top.
        across: Where its columns end, from the left.
    """

    rules: list[Rule]
    down: list[float]
    across: list[float]


def find_grids(rules: Rules) -> Iterator[Grid]:
    """The grids of a page with at least two rows and two columns."""
    waiting = set(rules.vertical)
    across = set(rules.horizontal)
    while waiting:
        columns, rows, new = [waiting.pop()], list[Rule](), True
        while new:
            met = {row for row in across if any(_meet(row, column) for column in columns)}
            across -= met
            rows += met
            near = {column for column in waiting if any(_meet(row, column) for row in rows)}
            waiting -= near
            columns += near
            new = bool(met or near)
        if rows:
            grid = Grid(rows, _row_borders(rows, columns), _column_borders(rows, columns))
            if len(grid.down) > FEWEST and len(grid.across) > FEWEST:
                yield grid


def _meet(row: Rule, column: Rule) -> bool:
    return (
        row.start - _TOUCHING < column.at < row.end + _TOUCHING
        and column.start - _TOUCHING < row.at < column.end + _TOUCHING
    )


def _row_borders(rows: Sequence[Rule], columns: Sequence[Rule]) -> list[float]:
    """Heights at which rows end, from the top: of long rules, and where the columns end."""
    return sorted(_borders(rows, _WIDE, columns), reverse=True)


def _column_borders(rows: Sequence[Rule], columns: Sequence[Rule]) -> list[float]:
    """Where columns end, from the left: at tall rules, and where the rows end."""
    return sorted(_borders(columns, _TALL, rows))


def _borders(rules: Sequence[Rule], share: float, others: Sequence[Rule]) -> list[float]:
    """Places of rules that take a share of the grid, and the ends of those across them."""
    length = max(rule.end for rule in rules) - min(rule.start for rule in rules)
    found = [at for at in {rule.at for rule in rules} if _covered(rules, at) >= share * length]
    ends = [min(rule.start for rule in others), max(rule.end for rule in others)]
    return found + [end for end in ends if all(abs(end - at) > 2 * _TOUCHING for at in found)]


def _covered(rules: Sequence[Rule], at: float) -> float:
    """How long the rules at one place are together."""
    return sum(rule.end - rule.start for rule in rules if rule.at == at)


def in_grid(pieces: Sequence[Piece], grid: Grid) -> list[TableCells]:
    """The rows of a grid, every piece in the cell in which it begins."""
    cells: list[list[list[int]]] = [[[] for _ in grid.across[1:]] for _ in grid.down[1:]]
    floors = grid.down[::-1]
    for number, piece in enumerate(pieces):
        column = bisect_right(grid.across, piece.left + _TOUCHING) - 1
        row = len(cells) - bisect_right(floors, middle(piece))
        if 0 <= column < len(cells[0]) and 0 <= row < len(cells) and not piece.is_sideways:
            cells[row][column].append(number)
    return [tuple(in_order(pieces, cell) for cell in row) for row in cells]
