"""Tables of figures on a PDF page, found by how the figures stand below each other.

Reports set tables without rules: a label, then figures in columns. The text of such a row does not
tell which columns are empty ("Dividends (2,678) (2,678)" may be of six columns). The places of the
figures do: a table is what keeps at least two columns of figures apart over at least three rows.
Anything less regular is left as lines, one for each row, which is never wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.load.pdf_pieces import Piece, on_same_line

_FIGURE = re.compile(
    r"(?:[(\[$€£¥+~<>\u2212–—-]\s?)*\d[\d.,/:']*\s?(?:bps|pts|points?|[xX%‰)\]])*(?:\s?\(?[a-z\d*†]\)?)?"
    r"|(?:\d+\s?[x×]\s?|[<>+~\u2212–—-])?\d[\d.,]*"  # 1 × 230 V, 2.8 m³/h
    r"\s?°?[^\W\d_]{1,3}[²³]?(?:/[^\W\d_]{1,3}[²³]?)?"
    r"|[$€£¥(]*\s?[\u2212–—-]+\s?[)%]*|[Nn]/?[AaMm]\.?|[*#]+"
)
_DATE = re.compile(r"(?:[A-Z][a-z]+\.? \d{1,2}, )?(?:FY ?)?(?:19|20)\d\d[A-Z]?")
_VALUE = re.compile(r".*\d\W*\d.*|.*\d\s?[^\W\d_%].*|.*\d\s?%.*")  # no mark of a note
_BEFORE = re.compile(r"[($€£¥]+")
_BEHIND = re.compile(r"[)%\]]+")
FEWEST_ROWS = 3
FEWEST_COLUMNS = 2
_MOST_LABELS = 3  # lines of text without figures between two rows of a table
_MOST_CELLS = 60
_FAR = 3.5  # heights of a line: what is further below belongs to something else

Span = tuple[float, float]
"""From the left to the right, in points."""


class Cell(NamedTuple):
    """What stands together in a line: numbers of its pieces, from and up to."""

    first: int
    end: int
    left: float
    right: float
    is_figure: bool


Row = tuple[Cell, ...]


@dataclass(slots=True)
class Table:
    """Lines of a page that make up a table.

    Attributes:
        first: Number of its first line.
        rows: Its lines, those with a label alone among them.
        columns: Where the figures of each column stand, from the left.
    """

    first: int
    rows: list[Row] = field(default_factory=list)
    columns: list[Span] = field(default_factory=list)


def lines_of(text: str, pieces: Sequence[Piece]) -> list[Row]:
    """The lines of a page, each with its cells."""
    return [_cells(text, pieces, first, end) for first, end in _lines(pieces)]


def find_tables(text: str, pieces: Sequence[Piece], lines: Sequence[Row]) -> Iterator[Table]:
    """The tables of a page.

    Args:
        text: Its raw text.
        pieces: Its pieces as they are read.
        lines: The lines that they make up.
    """
    at = 0
    while at < len(lines):
        if not _has_figures(lines[at]):
            at += 1
            continue
        table = _grown(text, pieces, lines, at)
        with_figures = sum(map(_has_figures, table.rows))
        if with_figures >= FEWEST_ROWS and len(table.columns) >= FEWEST_COLUMNS:
            yield table
        at += len(table.rows)


def has_values(text: str, pieces: Sequence[Piece], row: Row) -> bool:
    """Whether a line has figures that name nothing: neither dates nor marks of notes."""
    figures = (
        text[pieces[cell.first].start : pieces[cell.end - 1].end] for cell in row if cell.is_figure
    )
    return any(_VALUE.fullmatch(one) and not _DATE.fullmatch(one) for one in figures)


def column_of(left: float, right: float, columns: Sequence[Span], most: int = 1) -> int | None:
    """The number of the column that something stands in; 0 for that of the labels.

    Args:
        left: Where it begins.
        right: Where it ends.
        columns: All of them, from the left.
        most: How many columns it may stand in, of which the first counts.
    """
    met = [number for number, one in enumerate(columns, 1) if one[0] < right and left < one[1]]
    if not met:
        return 0 if right <= columns[0][0] else None
    return met[0] if len(met) <= most else None


def _lines(pieces: Sequence[Piece]) -> Iterator[tuple[int, int]]:
    """Pieces that stand side by side, from left to right."""
    first = 0
    for number in range(1, len(pieces) + 1):
        if number < len(pieces):
            one, other = pieces[number - 1], pieces[number]
            upright = not one.is_sideways and not other.is_sideways
            if upright and other.left > one.right and on_same_line(one, other):
                continue
        yield first, number
        first = number


def _cells(text: str, pieces: Sequence[Piece], first: int, end: int) -> Row:
    """The cells of a line; signs of money, brackets and per cent belong to their figure."""
    cells: list[Cell] = []
    waiting: int | None = None
    for number in range(first, end):
        piece = pieces[number]
        words = text[piece.start : piece.end]
        if _BEFORE.fullmatch(words) and number + 1 < end and waiting is None:
            waiting = number
            continue
        if _BEHIND.fullmatch(words) and cells and cells[-1].is_figure and waiting is None:
            cells[-1] = cells[-1]._replace(end=number + 1, right=piece.right)
            continue
        start = number if waiting is None else waiting
        is_figure = not piece.is_sideways and bool(
            _FIGURE.fullmatch(words) or _DATE.fullmatch(words)
        )
        cells.append(Cell(start, number + 1, pieces[start].left, piece.right, is_figure))
        waiting = None
    return tuple(cells)


def _has_figures(row: Row) -> bool:
    """Whether a line is a row of figures: a label or none, and then nothing else."""
    figures = [cell.is_figure for cell in row]
    start = figures.index(True) if True in figures else len(row)
    return 1 < len(row) <= _MOST_CELLS and start < len(row) and start <= 2 and all(figures[start:])


def _grown(text: str, pieces: Sequence[Piece], lines: Sequence[Row], at: int) -> Table:
    """All lines from one on that fit below each other."""
    table = Table(at)
    labels: list[Row] = []
    last = pieces[lines[at][0].first]
    for row in lines[at:]:
        piece = pieces[row[0].first]
        step = last.bottom - piece.bottom
        if not -piece.height < step < _FAR * max(piece.height, last.height):
            break
        last = piece
        alone = len(row) == 1 and row[0].is_figure
        if _has_figures(row) or (alone and labels and step < piece.height):
            columns = _with(table.columns, row)
            if columns is None or (len(table.rows) > 2 and _names_columns(text, pieces, row)):
                break
            table.columns = columns
            table.rows += [*labels, row]
            labels = []
        elif _fills(table.columns, row):
            table.rows += [*labels, row]
            labels = []
        elif len(row) > 1 or len(labels) == _MOST_LABELS or row[-1].right > table.columns[0][0]:
            break
        else:
            labels.append(row)
    return table


def _fills(columns: Sequence[Span], row: Row) -> bool:
    """Whether a line of words has a label and a cell below each column of figures."""
    places = [column_of(cell.left, cell.right, columns) for cell in row]
    return places == [*range(len(columns) + 1)]


def _names_columns(text: str, pieces: Sequence[Piece], row: Row) -> bool:
    """Whether all figures of a row are years, so that another table begins with it."""
    return all(
        _DATE.fullmatch(text[pieces[cell.first].start : pieces[cell.end - 1].end])
        for cell in row
        if cell.is_figure
    )


def _with(columns: list[Span], row: Row) -> list[Span] | None:
    """The columns widened by the figures of a row; None if they would not stay apart."""
    found = list(columns)
    taken: set[Span] = set()
    for cell in row:
        if not cell.is_figure:
            continue
        met = [one for one in found if one[0] < cell.right and cell.left < one[1]]
        if len(met) > 1 or (met and met[0] in taken):
            return None
        widened = (cell.left, cell.right)
        if met:
            found.remove(met[0])
            widened = (min(met[0][0], cell.left), max(met[0][1], cell.right))
        found.append(widened)
        taken.add(widened)
    found.sort()
    labels = [cell.right for cell in row if not cell.is_figure]
    return None if labels and max(labels) > found[0][0] else found
