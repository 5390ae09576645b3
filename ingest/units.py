"""The smallest pieces a passage is made of: sentences, and the lines of lists and tables.

Sentence borders are found by ``sentencex`` (rules and abbreviations for many languages). A piece
that is longer than a passage may be is cut again: at a line end, a clause, a space, and only in a
text without any of these within a word, each time as near to the middle as can be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

LANGUAGE = "en"

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_LINE = re.compile(r"\n\s*")
_ITEM = re.compile(r"\n\s*(?=(?:[-*+•·▪◦‣–—]|\(?(?:\d{1,3}|[a-z])[.)])[ ]|\|)")
_ROW = re.compile(r"^[^\S\n]*\|[^\n]*\|[^\S\n]*$", re.MULTILINE)
_CUTS = (
    re.compile(r"\n+"),
    re.compile(r"(?<=\s)\|\s+"),
    re.compile(r"[;:,)\]—–]\s+|[。，、；：！？]"),
    re.compile(r"\s+"),
)
MOST_CHARACTERS_PER_TOKEN = 24
"""Of text that says something. A word that a model does not know is one token for it, though it be
a picture's million letters (a data address), so pieces are no longer than this lets them be."""

Counter = Callable[[Sequence[str]], list[int]]
"""Tokens of each text, without special tokens."""


@dataclass(slots=True)
class Unit:
    """A piece of a page.

    Attributes:
        start: Where it begins in the page's text.
        end: One past its last character.
        ends_paragraph: Whether a paragraph, a list or a table ends with it.
        tokens: How long it is.
        is_row: Whether it is the row of a table.
        lead: Tokens of what names its columns, and goes with a passage that begins with it.
    """

    start: int
    end: int
    ends_paragraph: bool = False
    tokens: int = 0
    is_row: bool = False
    lead: int = 0


def split_units(text: str, start: int, end: int, *, lines: bool) -> list[Unit]:
    """Cuts ``text[start:end]`` into units without white space around them.

    Args:
        text: The text of a page.
        start: First character to look at.
        end: One past the last.
        lines: Whether every line end is a border; otherwise those before list items and rows.
    """
    borders = {start: False, end: True}
    for position in _outside_rows(text, start, end):
        borders.setdefault(position, False)
    for match in (_LINE if lines else _ITEM).finditer(text, start, end):
        borders.setdefault(match.end(), False)
    for match in _PARAGRAPH.finditer(text, start, end):
        borders[match.end()] = True
    units: list[Unit] = []
    ordered = sorted(borders)
    for first, last in pairwise(ordered):
        _append(units, text, Unit(first, last, borders[last]))
    return units


def limit_units(text: str, units: Sequence[Unit], limit: int, count: Counter) -> list[Unit]:
    """Cuts the units that have more than ``limit`` tokens; ``tokens`` of all must be known."""
    done: list[Unit] = []
    for unit in units:
        if unit.tokens <= limit:
            done.append(unit)
            continue
        pieces = _halved(text, unit, limit)
        for piece, tokens in zip(
            pieces, count([text[piece.start : piece.end] for piece in pieces]), strict=True
        ):
            piece.tokens = tokens
        if len(pieces) < 2:  # one character that alone has too many tokens
            done += pieces
        else:
            done += limit_units(text, pieces, limit, count)
    return done


def _outside_rows(text: str, start: int, end: int) -> list[int]:
    """Where sentences end, but for those within a row of a table, which is never cut there."""
    ends = [start + position for position in _sentence_ends(text[start:end])]
    rows = iter([match.span() for match in _ROW.finditer(text, start, end)])
    first, last = next(rows, (end, end))
    found = []
    for position in ends:
        while position >= last < end:
            first, last = next(rows, (end, end))
        if not first < position < last:
            found.append(position)
    return found


def _sentence_ends(text: str) -> list[int]:
    import sentencex

    ends, position = [], 0
    for sentence in sentencex.segment(LANGUAGE, text):
        position += len(sentence)
        ends.append(position)
    return ends if position == len(text) else []


def _append(units: list[Unit], text: str, unit: Unit) -> None:
    """Adds a unit without its outer white space; a piece of pure punctuation joins the last one."""
    piece = text[unit.start : unit.end]
    stripped = piece.strip()
    if not stripped:
        if units:
            units[-1].ends_paragraph |= unit.ends_paragraph
        return
    start = unit.start + len(piece) - len(piece.lstrip())
    end = start + len(stripped)
    if units and not units[-1].ends_paragraph and not any(c.isalnum() for c in stripped):
        units[-1].end, units[-1].ends_paragraph = end, unit.ends_paragraph
    else:
        is_row = _ROW.fullmatch(stripped) is not None
        units.append(Unit(start, end, unit.ends_paragraph, is_row=is_row))


def _halved(text: str, unit: Unit, limit: int) -> list[Unit]:
    """Two pieces, or many at once where the unit is very long."""
    length = unit.end - unit.start
    parts = max(2, length // (MOST_CHARACTERS_PER_TOKEN * limit))
    cuts = [unit.start]
    for number in range(1, parts):
        middle = unit.start + length * number // parts
        cut = _cut_near(text, middle, length // (2 * parts), cuts[-1])
        if cuts[-1] < cut < unit.end:
            cuts.append(cut)
    cuts.append(unit.end)
    pieces: list[Unit] = []
    for first, last in pairwise(cuts):
        piece = text[first:last]
        if stripped := piece.strip():
            start = first + len(piece) - len(piece.lstrip())
            pieces.append(Unit(start, start + len(stripped)))
    if pieces:
        pieces[-1].ends_paragraph = unit.ends_paragraph
    return pieces


def _cut_near(text: str, middle: int, reach: int, floor: int) -> int:
    """The best place to cut: the kind of border counts before the distance from the middle."""
    low, high = max(floor + 1, middle - max(reach, 1)), middle + max(reach, 1)
    for pattern in _CUTS:
        ends = [match.end() for match in pattern.finditer(text, low, high)]
        if ends:
            return min(ends, key=lambda end: abs(end - middle))
    return max(middle, floor + 1)
