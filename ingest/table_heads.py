"""What names the columns of a table, for passages that begin below it.

A table may be longer than a passage. Its later rows say nothing without the names of their columns,
so these go with them like a heading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.units import Unit
from rag_app.types import ROW

_FIGURE = re.compile(r"[(€$£¥+−–-]*\d[\d.,:/ -]*\)?\s?[%‰]?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONGEST = 240
"""Characters of a row that may name columns; a longer one is itself a row of text."""


def table_heads(text: str, units: Sequence[Unit], above: str = "") -> list[str]:
    """For each unit the row that names its columns; empty for what is no row, and for that row.

    Args:
        text: The text of the page.
        units: Pieces of it in order.
        above: What names the columns of a table that goes on with the first unit.
    """
    found: list[str] = []
    head = above
    within = bool(above)
    for unit in units:
        if not unit.is_row:
            head, within = "", False
        elif not within:
            found.append("")
            head, within = _named(text[unit.start : unit.end]), not unit.ends_paragraph
            continue
        found.append(head)
        if unit.ends_paragraph:
            head, within = "", False
    return found


def carried_on(text: str, units: Sequence[Unit], columns: str) -> str:
    """What names the columns where a table goes on at the top of the next page; empty elsewhere.

    Args:
        text: The text of that page.
        units: Pieces of it in order.
        columns: Of the table that the page before ended within; empty if it ended within none.
    """
    if not (columns and units and units[0].is_row):
        return ""
    first = text[units[0].start : units[0].end]
    return "" if _named(first) or len(_cells(first)) != len(_cells(columns)) else columns


def _named(row: str) -> str:
    """The row if it names columns: two at least, and none of them by a figure but a year."""
    names = [cell for cell in _cells(row) if cell]
    figures = any(_FIGURE.fullmatch(cell) and not _YEAR.fullmatch(cell) for cell in names)
    line = row.partition("\n")[0].strip()
    return line if len(names) > 1 and not figures and len(line) <= _LONGEST else ""


def _cells(row: str) -> list[str]:
    line = row.partition("\n")[0].strip()
    return [cell.strip() for cell in line.strip(ROW).split(ROW)]
