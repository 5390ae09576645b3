"""Running headers, footers and page numbers: lines at a page's edge that other pages repeat.

Digits count as equal, so that "Page 3 of 9" repeats "Page 2 of 9". A line goes only if it stands
outermost, or behind others that go; text inside the page is never touched. The first page that has
a line keeps it, unless it only counts pages: what a letterhead says may be said nowhere else. Where
most of a document would go, as in one of pages that all say the same, nothing does.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

_EDGE_LINES = 4
_SHARE = 0.3
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_LAST_LINES = 400  # characters looked at first for the last lines of a long page
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlc]+")
_WORD = re.compile(r"[^\W\d_]{4,}")
_PAGES = frozenset({"page", "pages", "seite", "página", "pagina", "strona", "side", "blatt"})
_NUMBER = "#"
_ROW = "|"  # a table that begins on each page with the same head is none of the furniture


class _Edge(NamedTuple):
    start: int
    end: int
    key: str
    value: int | None


def repeated_edges(
    pages: Sequence[tuple[int, str]], said: set[str] | None = None
) -> list[list[tuple[int, int]]]:
    """Finds what to remove.

    Args:
        pages: Number and text of each page.
        said: What earlier pages of the document keep; what these keep is added.

    Returns:
        For each page the ranges of its text that are running headers or footers, in order.
    """
    if len(pages) < 2:
        return [[] for _ in pages]
    tops = [list(islice(_lines(text), _EDGE_LINES)) for _, text in pages]
    bottoms = [_last_lines(text) for _, text in pages]
    numbers = [number for number, _ in pages]
    top_keys, bottom_keys = _running(tops, numbers), _running(bottoms, numbers)
    found = [
        _outermost(top, number, top_keys) + _outermost(bottom, number, bottom_keys)
        for number, top, bottom in zip(numbers, tops, bottoms, strict=True)
    ]
    repeated = sum(line.end - line.start for page in found for line in set(page))
    if repeated > 0.8 * sum(len(text.strip()) for _, text in pages):
        return [[] for _ in pages]  # what repeats is the document itself
    return list(_but_the_first(found, set() if said is None else said))


def _but_the_first(
    found: Sequence[Sequence[_Edge]], said: set[str]
) -> Iterator[list[tuple[int, int]]]:
    """Where the repeated lines of each page are, but for those that say something new."""
    for page in found:
        new = {line.key for line in page if line.key not in said and _says_something(line.key)}
        said |= new
        yield sorted({(line.start, line.end) for line in page if line.key not in new})


def _lines(text: str, start: int = 0) -> Iterator[_Edge]:
    for match in _LINE.finditer(text, start):
        words = " ".join(match.group().casefold().split())
        key = _NUMBER if _ROMAN.fullmatch(words) else _DIGITS.sub(_NUMBER, words)
        value = int(words) if key == _NUMBER and words.isdecimal() and len(words) < 9 else None
        yield _Edge(*match.span(), key, value)


def _last_lines(text: str) -> list[_Edge]:
    """The last lines, the outermost first."""
    start = text.rfind("\n", 0, max(0, len(text) - _LAST_LINES)) + 1
    lines = list(_lines(text, start))
    if len(lines) < _EDGE_LINES and start:
        lines = list(_lines(text))
    return lines[: -_EDGE_LINES - 1 : -1]


def _running(edges: Sequence[Sequence[_Edge]], numbers: Sequence[int]) -> dict[str, int | None]:
    """Keys that enough pages share; for bare numbers, their distance from the page number."""
    needed = max(min(len(edges), 3), math.ceil(_SHARE * len(edges)))
    counts = Counter(key for page in edges for key in {line.key for line in page})
    running: dict[str, int | None] = {
        key: None for key, count in counts.items() if count >= needed and key != _NUMBER
    }
    steps = Counter(
        line.value - number
        for page, number in zip(edges, numbers, strict=True)
        for line in page
        if line.value is not None
    )
    if steps and (best := steps.most_common(1)[0])[1] >= needed:
        running[_NUMBER] = best[0]
    elif counts[_NUMBER] >= needed and not steps:
        running[_NUMBER] = None  # Roman numerals only
    return running


def _says_something(key: str) -> bool:
    """Whether a line has words of its own, and does not only count pages."""
    return any(word not in _PAGES for word in _WORD.findall(key))


def _outermost(lines: Sequence[_Edge], number: int, running: dict[str, int | None]) -> list[_Edge]:
    found = []
    for line in lines:
        if line.key not in running or line.key.startswith(_ROW):
            break
        step = running[line.key]
        if line.value is not None and step is not None and line.value != number + step:
            break
        found.append(line)
    return found
