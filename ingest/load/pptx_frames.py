"""Tables and diagrams of a slide as rows and lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ingest.load.writer import one_line
from ingest.load.xmltree import Element, attribute, below, children


def table_rows(table: Element, text_of: Callable[[Element], str]) -> list[list[str]]:
    """The cells of a table; one that goes on from above repeats what stands there."""
    rows: list[list[str]] = []
    for row in children(table, "tr"):
        cells: list[str] = []
        for cell in children(row, "tc"):
            goes_on = attribute(cell, "vMerge") in ("1", "true") and rows
            above = rows[-1][len(cells)] if goes_on and len(rows[-1]) > len(cells) else ""
            cells.append(above or one_line(text_of(cell)))
        rows.append(cells)
    return rows


def diagram_texts(root: Element | None) -> Iterator[str]:
    """The words in the boxes of a diagram (SmartArt), in their order."""
    for point in below(root, "pt") if root is not None else ():
        text = one_line(" ".join(one.text or "" for one in below(point, "t")))
        if text:
            yield text
