"""Units packed into passages: the cheapest way to cut a section, by dynamic programming.

A passage costs the square of the share of its room that it leaves empty, and something more where
it ends within a paragraph. The sum over a section is minimised, so that passages are as full as
can be, end with paragraphs where that costs little, and the last one is not a small remainder.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.units import Unit

_WITHIN_PARAGRAPH = 0.08
_WITHIN_TABLE = 0.25  # a passage half empty costs as much: its second part has no head
_EACH = 0.05


def pack(units: Sequence[Unit], limit: int) -> list[tuple[int, int]]:
    """Ranges of units in order, each of at most ``limit`` tokens, its lead included, or of one."""
    best = [0.0] + [float("inf")] * len(units)
    origin = [0] * (len(units) + 1)
    for end in range(1, len(units) + 1):
        penalty = _EACH + _cut_after(units[end - 1])
        tokens = 0
        for start in range(end - 1, -1, -1):
            tokens += units[start].tokens
            if tokens > limit and start < end - 1:
                break
            full = tokens + units[start].lead
            if full > limit and start < end - 1:
                continue
            cost = best[start] + penalty + max(0.0, 1 - full / limit) ** 2
            if cost < best[end]:
                best[end], origin[end] = cost, start
    ranges, end = [], len(units)
    while end > 0:
        ranges.append((origin[end], end))
        end = origin[end]
    return ranges[::-1]


def _cut_after(unit: Unit) -> float:
    if unit.ends_paragraph:
        return 0.0
    return _WITHIN_TABLE if unit.is_row else _WITHIN_PARAGRAPH


def with_overlap(
    units: Sequence[Unit], ranges: Sequence[tuple[int, int]], overlap: int
) -> list[tuple[int, int]]:
    """Lets each passage but the first begin with whole units of the one before."""
    extended = []
    for start, end in ranges:
        first, tokens = start, 0
        while first > 0 and tokens + units[first - 1].tokens <= overlap:
            first -= 1
            tokens += units[first].tokens
        extended.append((first, end))
    return extended
