"""Recognised boxes as the text of a page: rows of boxes as lines, columns one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from ingest.load.ocr import TextBox

_STEP = 1.4
_LOCAL_STEP = 1.2  # the rows of a wide table are no paragraphs
_SAME_ROW = 0.4  # of a height: boxes have some room around their letters
_PROSE = 25  # characters in a line of a column of prose; cells of a table have fewer
_COLUMN_LINES = 4
_CROSSING = 0.3


def page_text(boxes: Sequence[TextBox]) -> str:
    r"""The text, in the order in which it is read; lines end with ``\r\n``, paragraphs ``\n\n``."""
    rows = _ordered(boxes)
    ends = _paragraph_ends(rows)
    lines = [" ".join(box.text for box in row) for row in rows]
    return "".join(
        line + ("\n\n" if number in ends else "\r\n") for number, line in enumerate(lines)
    ).rstrip()


def _paragraph_ends(rows: Sequence[Sequence[TextBox]]) -> set[int]:
    """The rows that a larger step follows than is usual on the page, and than is usual there."""
    heights = [median(box.top + box.bottom for box in row) / 2 for row in rows]
    steps = [below - above for above, below in pairwise(heights)]
    down = [step for step in steps if step > 0]
    usual = median(down) if down else 0.0
    ends = set()
    for number, step in enumerate(steps):
        near = [one for one in (*steps[:number][-1:], *steps[number + 1 :][:1]) if one > 0]
        if step > _STEP * max(usual, 1.0) and step > _LOCAL_STEP * min(near, default=0.0):
            ends.add(number)
    return ends


def _ordered(boxes: Sequence[TextBox]) -> list[list[TextBox]]:
    """The rows of the page; where it has two columns, zone by zone those of each column."""
    gutter = _gutter(boxes)
    if gutter is None:
        return _rows(boxes)
    rows: list[list[TextBox]] = []
    left: list[TextBox] = []
    right: list[TextBox] = []
    for box in sorted(boxes, key=lambda box: box.top + box.bottom):
        if box.right <= gutter:
            left.append(box)
        elif box.left >= gutter:
            right.append(box)
        else:
            rows += [*_rows(left), *_rows(right), [box]]
            left, right = [], []
    return [*rows, *_rows(left), *_rows(right)]


def _rows(boxes: Sequence[TextBox]) -> list[list[TextBox]]:
    """Boxes at one height together, from left to right; rows from the top."""
    rows: list[list[TextBox]] = []
    for box in sorted(boxes, key=lambda box: box.top + box.bottom):
        if rows and all(_beside(other, box) for other in rows[-1]):
            rows[-1].append(box)
        else:
            rows.append([box])
    return [sorted(row, key=lambda box: box.left) for row in rows]


def _beside(one: TextBox, other: TextBox) -> bool:
    """Whether two boxes stand at one height, and neither above the other."""
    heights = one.bottom - one.top, other.bottom - other.top
    off = abs(one.top + one.bottom - other.top - other.bottom) / 2
    common = min(one.right, other.right) - max(one.left, other.left)
    return off <= _SAME_ROW * min(heights) and common <= min(heights)


def _gutter(boxes: Sequence[TextBox]) -> float | None:
    """Where the page is cut into two columns of prose, if it has them."""
    if len(boxes) < 2 * _COLUMN_LINES:
        return None
    left, right = min(box.left for box in boxes), max(box.right for box in boxes)
    places = [left + (right - left) * share / 50 for share in range(17, 34)]
    counts = [sum(box.left < x < box.right for box in boxes) for x in places]
    fewest = min(counts)
    best = [x for x, count in zip(places, counts, strict=True) if count == fewest]
    gutter = best[len(best) // 2]
    sides = [
        [len(box.text) for box in boxes if box.right <= gutter],
        [len(box.text) for box in boxes if box.left >= gutter],
    ]
    is_prose = all(len(side) >= _COLUMN_LINES and median(side) >= _PROSE for side in sides)
    return gutter if is_prose and fewest <= _CROSSING * len(boxes) else None
