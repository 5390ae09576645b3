"""Straight lines that are drawn on a PDF page: the rules of its tables, the borders of its cells.

A rule may be a stroked line, one of many in a path, or a thin filled box; a border may be the edge
of a filled cell, and is often drawn once for each cell. All that counts here is the edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ctypes import byref, c_float
from typing import TYPE_CHECKING, NamedTuple

from ingest.load.pdf_pieces import as_shown

if TYPE_CHECKING:
    from pypdfium2 import PdfPage
    from pypdfium2.raw import FS_MATRIX

_STRAIGHT = 0.5  # points that a line may leave its axis
_THICK = 2.5  # edges so near are one rule, and so are ends of rules so near
_SHORTEST = 5.0
_MOST_EDGES = 6000  # of a page; with more, it is a drawing or a map


class Rule(NamedTuple):
    """A straight line along an axis, in points.

    Attributes:
        at: Its height, or how far to the right it stands.
        start: Its left or its lower end.
        end: Its other end.
    """

    at: float
    start: float
    end: float


class Rules(NamedTuple):
    """The rules of a page as it is shown."""

    horizontal: list[Rule]
    vertical: list[Rule]


class _Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float


def read_rules(page: PdfPage) -> Rules:
    """The rules of a page, pieces of one rule joined; the caller holds PDFium's lock."""
    horizontal, vertical = [], []
    rotation = page.get_rotation()
    for number, edge in enumerate(_edges(page)):
        if number == _MOST_EDGES:
            return Rules([], [])
        left, bottom, right, top = as_shown(edge, rotation)
        if top - bottom <= _STRAIGHT < right - left:
            horizontal.append(Rule(bottom, left, right))
        elif right - left <= _STRAIGHT < top - bottom:
            vertical.append(Rule(left, bottom, top))
    return Rules(_joined(horizontal), _joined(vertical))


def _edges(page: PdfPage) -> Iterator[_Box]:
    """The boxes of all straight parts of all paths."""
    from pypdfium2 import raw

    matrix = raw.FS_MATRIX()
    for number in range(raw.FPDFPage_CountObjects(page)):
        shape = raw.FPDFPage_GetObject(page, number)
        if raw.FPDFPageObj_GetType(shape) != raw.FPDF_PAGEOBJ_PATH:
            continue
        if not raw.FPDFPageObj_GetMatrix(shape, byref(matrix)):
            continue
        x, y = c_float(), c_float()
        first = last = (0.0, 0.0)
        for place in range(raw.FPDFPath_CountSegments(shape)):
            part = raw.FPDFPath_GetPathSegment(shape, place)
            raw.FPDFPathSegment_GetPoint(part, x, y)
            point = _placed(matrix, x.value, y.value)
            kind = raw.FPDFPathSegment_GetType(part)
            if kind == raw.FPDF_SEGMENT_MOVETO:
                first = point
            elif kind == raw.FPDF_SEGMENT_LINETO:
                yield _box(last, point)
            if raw.FPDFPathSegment_GetClose(part):
                yield _box(point, first)
            last = point


def _placed(matrix: FS_MATRIX, x: float, y: float) -> tuple[float, float]:
    return matrix.a * x + matrix.c * y + matrix.e, matrix.b * x + matrix.d * y + matrix.f


def _box(one: tuple[float, float], other: tuple[float, float]) -> _Box:
    (left, right), (bottom, top) = sorted((one[0], other[0])), sorted((one[1], other[1]))
    return _Box(left, bottom, right, top)


def _joined(edges: Iterable[Rule]) -> list[Rule]:
    """Edges that lie on each other or go on from each other, as one rule each."""
    found: list[Rule] = []
    level: list[Rule] = []
    for edge in sorted(edges):
        if level and edge.at - level[0].at > _THICK:
            found += _of_one_level(level)
            level = []
        level.append(edge)
    found += _of_one_level(level)
    return [rule for rule in found if rule.end - rule.start >= _SHORTEST]


def _of_one_level(edges: list[Rule]) -> Iterator[Rule]:
    done: Rule | None = None
    for edge in sorted(edges, key=lambda one: one.start):
        if done is not None and edge.start - done.end <= _THICK:
            done = done._replace(end=max(done.end, edge.end))
            continue
        if done is not None:
            yield done
        done = edge
    if done is not None:
        yield done
