"""Cells of a table on a PDF page: pieces, line by line."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.load.pdf_pieces import Piece

TableCells = tuple[tuple[int, ...], ...]
"""The cells of a row: the numbers of the pieces in each, as they are read."""

FEWEST = 2
"""Rows, and columns, that make a table."""


def middle(piece: Piece) -> float:
    """How high a piece stands."""
    return (piece.bottom + piece.top) / 2


def in_order(pieces: Sequence[Piece], cell: Sequence[int]) -> tuple[int, ...]:
    """The numbers of a cell's pieces line by line, from the left."""
    return tuple(number for line in cell_lines(pieces, cell) for number in line)


def cell_lines(pieces: Sequence[Piece], cell: Sequence[int]) -> list[list[int]]:
    """The lines of a cell, from the top, each from the left."""
    lines: list[list[int]] = []
    for number in sorted(cell, key=lambda one: -middle(pieces[one])):
        piece = pieces[number]
        if lines and middle(pieces[lines[-1][0]]) - middle(piece) < piece.height / 2:
            lines[-1].append(number)
        else:
            lines.append([number])
    return [sorted(line, key=lambda one: pieces[one].left) for line in lines]
