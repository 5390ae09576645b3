"""Footnotes below a column, out of the sentence that goes on at the top of the next one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ingest.load.pdf_pieces import Piece

_SMALLER = 0.93  # of the height of most text on the page
_UP = 5.0  # heights of a line: so far up is the top of the next column
_SENTENCE_ENDS = ".!?:;"
_MARK = re.compile(r"\d{1,3}(?![\d.,%])|[*†‡§¶]{1,3}|\(?[a-z]\)")


def footnotes_last(text: str, pieces: Sequence[Piece]) -> list[int] | None:
    """Numbers of the pieces with the footnotes of all columns at the end; None if they stay.

    Args:
        text: The raw text of the page.
        pieces: Its pieces in the order in which they are read.
    """
    ups = [
        number
        for number in range(1, len(pieces))
        if pieces[number].bottom - pieces[number - 1].bottom > _UP * pieces[number].height
    ]
    if not ups:
        return None
    height = _usual_height(pieces)
    last = _first_of_notes(text, pieces, len(pieces), height)
    moved = [
        number
        for end in ups
        if end < last
        and _is_within_sentence(
            text, pieces, first := _first_of_notes(text, pieces, end, height), end
        )
        for number in range(first, end)
    ]
    if not moved:
        return None
    notes = frozenset(moved)
    stay = [number for number in range(last) if number not in notes]
    return [*stay, *moved, *range(last, len(pieces))]


def _usual_height(pieces: Sequence[Piece]) -> float:
    heights: Counter[float] = Counter()
    for piece in pieces:
        heights[round(piece.height, 1)] += piece.end - piece.start
    return heights.most_common(1)[0][0]


def _is_within_sentence(text: str, pieces: Sequence[Piece], first: int, end: int) -> bool:
    """Whether what stands before footnotes goes on behind them."""
    if not 0 < first < end:
        return False
    before = text[pieces[first - 1].start : pieces[first - 1].end]
    return text[pieces[end].start].islower() and before[-1] not in _SENTENCE_ENDS


def _first_of_notes(text: str, pieces: Sequence[Piece], end: int, height: float) -> int:
    """Where the footnotes begin that end before ``end``; ``end`` itself if there are none."""
    first = end
    while first and pieces[first - 1].height < _SMALLER * height:
        first -= 1
        if first and pieces[first - 1].bottom < pieces[first].bottom - pieces[first].height:
            break  # the line before stands lower: it is of another column
    while first < end and _MARK.match(text, pieces[first].start) is None:
        first += 1  # the end of a caption or of a small formula
    return first
