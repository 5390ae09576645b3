"""Tables of web pages: those that hold data as rows; those that only lay out the page are none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ingest.load.links import Links
from ingest.load.writer import one_line
from ingest.load.xmltree import Element, attribute, below, children, local

_SPACES = re.compile(r"\s+")
_LONGEST_CELL = 1000
_MOST_SPANNED = 1000
_WIDEST = 64
_GROUPS = ("thead", "tbody", "tfoot")
_LAYOUT = ("table", "h1", "h2", "form")


class Rows(NamedTuple):
    """A table's caption and cells."""

    caption: str
    rows: list[list[str]]


def as_rows(
    table: Element, skipped: Callable[[Element], bool], links: Links | None = None
) -> Rows | None:
    """The cells of a table of data; None for a table that lays out a page.

    Args:
        table: It.
        skipped: Whether an element is passed over.
        links: What keeps the addresses of links; without it they go.
    """
    if attribute(table, "role").lower() in ("presentation", "none"):
        return None
    if any(next(below(table, name), table) is not table for name in _LAYOUT[1:]):
        return None
    if sum(1 for _ in below(table, "table")) > 1:
        return None
    rows = _grid([row for row in _rows(table) if not skipped(row)], skipped)
    if max(map(len, rows), default=0) < 2 or any(
        len(cell) > _LONGEST_CELL for row in rows for cell in row
    ):
        return None
    captions = [one_line(_words(one, skipped)) for one in children(table, "caption")]
    if links is not None and next(below(table, "a"), None) is not None:
        rows = _grid([row for row in _rows(table) if not skipped(row)], skipped, links)
    return Rows(" ".join(captions), rows)


def _rows(table: Element) -> Iterator[Element]:
    for one in table:
        if local(one) == "tr":
            yield one
        elif local(one) in _GROUPS:
            yield from children(one, "tr")


def _grid(
    rows: list[Element], skipped: Callable[[Element], bool], links: Links | None = None
) -> list[list[str]]:
    """Rows of text; a cell that spans rows stands in each, one that spans columns in its first."""
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    for row in rows:
        cells: list[str] = []
        for cell in row:
            if local(cell) in ("td", "th") and not skipped(cell):
                _hang(cells, hanging)
                text = one_line(_words(cell, skipped, links))
                wide = min(_span(cell, "colspan"), _WIDEST)
                if (deep := _span(cell, "rowspan")) > 1:
                    hanging |= {
                        len(cells) + more: (deep - 1, "" if more else text) for more in range(wide)
                    }
                    cells += [text, *[""] * (wide - 1)]
                    for more in range(wide):  # counted down below for the rows to come
                        at = len(cells) - wide + more
                        hanging[at] = (deep, hanging[at][1])
                else:
                    cells += [text, *[""] * (wide - 1)]
        _hang(cells, hanging)
        hanging = {at: (left - 1, text) for at, (left, text) in hanging.items() if left > 1}
        grid.append(cells)
    return grid


def _hang(cells: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    """Fills in the cells that hang down from rows above, up to the next free column."""
    while len(cells) in hanging and len(cells) < _WIDEST * 4:
        cells.append(hanging[len(cells)][1])


def _span(cell: Element, name: str) -> int:
    value = attribute(cell, name)
    return min(max(int(value), 1), _MOST_SPANNED) if value.isdecimal() and len(value) < 9 else 1


def _words(
    element: Element,
    skipped: Callable[[Element], bool],
    links: Links | None = None,
    depth: int = 0,
) -> str:
    """All text below an element that is shown, pieces of different blocks set apart."""
    if depth > 100:
        return "".join(element.itertext())
    parts = [element.text or ""]
    for one in element:
        if local(one) and not skipped(one):
            gap = " " if local(one) in ("p", "div", "br", "li", "ul", "ol", "td", "tr") else ""
            parts.append(f"{gap}{_piece(one, skipped, links, depth + 1)}{gap}")
        parts.append(one.tail or "")
    return "".join(parts)


def _piece(
    element: Element, skipped: Callable[[Element], bool], links: Links | None, depth: int
) -> str:
    if links is None or local(element) != "a":
        return _words(element, skipped, links, depth)
    words = _SPACES.sub(" ", _words(element, skipped, None, depth))
    return links.around(words, attribute(element, "href"))
