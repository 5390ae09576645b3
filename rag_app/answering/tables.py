"""Lines that are rows of a table: written with bars, set with wide gaps, or read from a PDF.

A table of a PDF arrives as lines of words and numbers with single spaces between the cells. Such
a run of lines is taken for a table when most of them hold numbers and none ends like a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

_ROW = re.compile(r"\s*\|.*\|\s*|[^\n]*\S(?:\t+| {3,})\S[^\n]*")
_RULE = re.compile(r"[\s|:+=_*-]*")
_NUMBER = re.compile(r"[(€$£¥+±-]?\d[\d.,]*\)?(%|‰)?")
_YEAR = re.compile(r"(19|20)\d\d")
_SENTENCE_END = re.compile(r"[.!?…;]['\"”’)\]]*\s*$")

FEWEST_ROWS = 3
LONGEST_ROW = 120


def is_rule(line: str) -> bool:
    """Whether a line only separates."""
    return bool(_RULE.fullmatch(line))


def is_row(line: str) -> bool:
    """Whether a line is a row by its own form: bars, tabs or wide gaps between cells."""
    return bool(_ROW.fullmatch(line))


def are_rows(lines: Sequence[str]) -> bool:
    """Whether lines without a blank one between them are the rows of a table."""
    if len(lines) < FEWEST_ROWS or any(_not_a_row(line) for line in lines):
        return False
    return sum(numbers(line) > 0 for line in lines) * 2 > len(lines)


def has_head(lines: Sequence[str]) -> bool:
    """Whether the first row names the columns: it has fewer numbers than the others have."""
    if len(lines) < 2:
        return False
    if lines[0].lstrip().startswith("|"):
        return True
    others = median(numbers(line) for line in lines[1:])
    return numbers(lines[0]) < others or others == 0


def numbers(line: str) -> int:
    """How many cells or words of a line are numbers; years, which often name columns, are not."""
    found = (token for token in line.split() if _NUMBER.fullmatch(token))
    return sum(not _YEAR.fullmatch(token) for token in found)


def _not_a_row(line: str) -> bool:
    return len(line) > LONGEST_ROW or bool(_SENTENCE_END.search(line))
