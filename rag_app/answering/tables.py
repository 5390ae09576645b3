"""Tables in a passage: written with bars, set with wide gaps, or read from a PDF.

A table of a PDF arrives as lines of words and numbers with single spaces between the cells, its
head and its taller rows set off by blank lines. A run of such paragraphs is taken for a table when
no line of it ends like a sentence, and most lines hold numbers or it has several paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

Line = tuple[int, int, str]
"""First character, one past the last, and the line itself."""

Paragraph = list[Line]

ITEM = re.compile(r"\s*([-*+•·▪◦‣–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
"""The beginning of a list item."""

_ROW = re.compile(r"\s*\|.*\|\s*|[^\n]*\S(?:\t+| {3,})\S[^\n]*")
_RULE = re.compile(r"[\s|:+=_*-]*")
_NUMBER = re.compile(r"[(€$£¥+±-]?\d[\d.,]*\)?(%|‰)?")
_YEAR = re.compile(r"(19|20)\d\d")
_SENTENCE_END = re.compile(r"[.!?…;:]['\"”’)\]]*\s*$")

FEWEST_LINES = 3
FEWEST_PARAGRAPHS = 3
LONGEST_LINE = 120
TALLEST_ROW = 3
"""Lines that one row may take; a paragraph with more of them has a row on each line."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        head: First character and one past the last of what names the columns, if anything does.
        rows: First character and one past the last of each row below it.
    """

    head: tuple[int, int] | None
    rows: tuple[tuple[int, int], ...]


def is_rule(line: str) -> bool:
    """Whether a line only separates."""
    return bool(_RULE.fullmatch(line))


def is_row(line: str) -> bool:
    """Whether a line is a row by its own form: bars, tabs or wide gaps between cells."""
    return bool(_ROW.fullmatch(line))


def find_tables(
    paragraphs: Sequence[Paragraph], *, within: bool = False
) -> Iterator[Paragraph | Table]:
    """The paragraphs in their order, those that make up a table together.

    Args:
        paragraphs: Runs of lines.
        within: Whether they begin within a table, whose first row then names nothing.
    """
    for form, group in groupby(paragraphs, _form):
        run = list(group)
        if form == "rows":
            for paragraph in run:
                yield Table(None, tuple(_rows([paragraph]))) if within else _table([paragraph])
                within = False
        elif form == "loose" and _is_table(run):
            yield _table(run)
        else:
            yield from run


def _form(paragraph: Paragraph) -> str:
    lines = [line for _, _, line in paragraph]
    if all(map(is_row, lines)):
        return "rows"
    wrapped = sum(line.lstrip()[:1].islower() for line in lines)
    prose = any(
        len(line) > LONGEST_LINE or _SENTENCE_END.search(line) or ITEM.match(line) for line in lines
    )
    return "prose" if prose or wrapped * 2 > len(lines) else "loose"


def _is_table(run: Sequence[Paragraph]) -> bool:
    lines = [line for paragraph in run for _, _, line in paragraph]
    with_numbers = sum(_numbers(line) > 0 for line in lines)
    return len(lines) >= FEWEST_LINES and (
        len(run) >= FEWEST_PARAGRAPHS or with_numbers * 2 > len(lines)
    )


def _table(run: Sequence[Paragraph]) -> Table:
    lines = [line for paragraph in run for line in paragraph]
    tall = min(_head_lines([line for _, _, line in lines]), len(run[0]))
    if not tall:
        return Table(None, tuple(_rows(run)))
    top = lines[tall - 1][0]
    below = [[line for line in paragraph if line[0] > top] for paragraph in run]
    return Table((lines[0][0], lines[tall - 1][1]), tuple(_rows(below)))


def _rows(run: Sequence[Paragraph]) -> Iterator[tuple[int, int]]:
    """A row on each line; one on all, where a few lines do not each have numbers."""
    for paragraph in filter(None, run):
        each = len(paragraph) > TALLEST_ROW or all(
            is_row(line) or _numbers(line) for _, _, line in paragraph
        )
        if each:
            yield from ((start, end) for start, end, _ in paragraph)
        else:
            yield paragraph[0][0], paragraph[-1][1]


def _head_lines(lines: Sequence[str]) -> int:
    """How many of the first lines name the columns: those without numbers, above lines with some.

    Where numbers do not tell, it is the first line; in a table with bars, it is that or none.
    """
    if len(lines) < 2:
        return 0
    if lines[0].lstrip().startswith("|"):
        figures = [_figures(line) for line in lines]
        # A passage may begin within a table: then its first row names nothing.
        return int(not figures[0] or figures[0] < median(figures[1:]))
    counts = [_numbers(line) for line in lines]
    others = median(counts[1:])
    if not others:
        return 1
    without = next((index for index, count in enumerate(counts) if count), 0)
    return min(without, TALLEST_ROW) or int(counts[0] < others)


def _figures(row: str) -> int:
    """How many cells of a row between bars are figures; years are none."""
    cells = (cell.strip(" $€£()%−–—-") for cell in row.split("|"))
    return sum(not _YEAR.fullmatch(cell) for cell in cells if cell and _NUMBER.fullmatch(cell))


def _numbers(line: str) -> int:
    """How many cells or words of a line are numbers; years, which often name columns, are not."""
    found = (token for token in line.split() if _NUMBER.fullmatch(token))
    return sum(not _YEAR.fullmatch(token) for token in found)
