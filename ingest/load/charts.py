"""The figures behind a chart of an Office document, as rows."""

from __future__ import annotations

from ingest.load.writer import one_line
from ingest.load.xmltree import Element, attribute, below, child

_MOST_POINTS = 10_000


def chart_title(root: Element) -> str:
    """The title written above a chart."""
    title = child(root, "chart", "title")
    return "" if title is None else one_line(" ".join(one.text or "" for one in below(title, "t")))


def chart_rows(root: Element) -> list[list[str]]:
    """The figures behind a chart: a row for each category, a column for each series."""
    series = list(below(root, "ser"))
    names = [_first(child(one, "tx")) for one in series]
    columns = [_points(_either(one, "val", "yVal")) for one in series]
    categories: dict[int, str] = {}
    for one in series:
        categories |= _points(_either(one, "cat", "xVal"))
    places = sorted({place for column in (categories, *columns) for place in column})
    rows = [
        [categories.get(place, str(place + 1)), *(column.get(place, "") for column in columns)]
        for place in places[:_MOST_POINTS]
    ]
    return [["", *names], *rows] if rows else []


def _either(element: Element, *names: str) -> Element | None:
    return next((found for name in names if (found := child(element, name)) is not None), None)


def _first(element: Element | None) -> str:
    return next(iter(_points(element).values()), "")


def _points(element: Element | None) -> dict[int, str]:
    found: dict[int, str] = {}
    for point in below(element, "pt") if element is not None else ():
        place, value = attribute(point, "idx"), child(point, "v")
        if place.isdecimal() and value is not None:
            found[int(place)] = one_line(value.text or "")
    return found
