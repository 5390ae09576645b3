"""The numbers that Word writes before list items and headings; the file holds only their rule."""

from __future__ import annotations

import re
from typing import NamedTuple

from ingest.load.docx_text import Style
from ingest.load.xmltree import Element, attribute, child, children

_PLACE = re.compile(r"%(\d)")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"))
_ROMAN_SMALL = ((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


class Number(NamedTuple):
    """What stands before a paragraph: nothing for a bullet; and how deep it is in its list."""

    label: str
    depth: int


class _Level(NamedTuple):
    form: str
    text: str
    start: int


class Numbering:
    """Counts the paragraphs of each list."""

    def __init__(self, root: Element | None) -> None:
        outlines = {attribute(one, "abstractNumId"): one for one in children(root, "abstractNum")}
        self._outline: dict[str, str] = {}
        self._levels: dict[str, dict[int, _Level]] = {}
        for one in children(root, "num"):
            reference = child(one, "abstractNumId")
            id_ = attribute(reference, "val") if reference is not None else ""
            self._outline[attribute(one, "numId")] = id_
            self._levels.setdefault(id_, _levels(outlines.get(id_)))
        self._counts: dict[str, dict[int, int]] = {}

    def next(self, paragraph: Element, style: Style) -> Number | None:
        """The number of a paragraph; None for one that is in no list."""
        own = child(paragraph, "pPr", "numPr")
        list_id, depth = child(own, "numId"), child(own, "ilvl")
        id_ = attribute(list_id, "val") if list_id is not None else style.list_id
        at = attribute(depth, "val") if depth is not None else style.list_level
        outline = self._outline.get(id_)
        if outline is None or id_ == "0":
            return None
        level = int(at) if at.isdecimal() and int(at) < 9 else 0
        if own is None and style.level and not style.list_level:
            level = style.level - 1
        return Number(self._label(outline, level), min(level, 5))

    def _label(self, outline: str, level: int) -> str:
        levels = self._levels.get(outline, {})
        rule = levels.get(level)
        if rule is None or rule.form in ("bullet", "none"):
            return ""
        counts = self._counts.setdefault(outline, {})
        counts[level] = counts.get(level, rule.start - 1) + 1
        for deeper in [one for one in counts if one > level]:
            del counts[deeper]

        def written(match: re.Match[str]) -> str:
            place = int(match.group(1)) - 1
            form = levels.get(place, rule)
            return _number(counts.get(place, form.start), form.form)

        return _PLACE.sub(written, rule.text)


def _levels(outline: Element | None) -> dict[int, _Level]:
    levels = {}
    for one in children(outline, "lvl"):
        place, start = attribute(one, "ilvl"), _value(one, "start")
        if place.isdecimal():
            levels[int(place)] = _Level(
                _value(one, "numFmt"),
                _value(one, "lvlText"),
                int(start) if start.isdecimal() else 1,
            )
    return levels


def _value(element: Element, name: str) -> str:
    found = child(element, name)
    return attribute(found, "val") if found is not None else ""


def _number(value: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter") and value > 0:
        letters = chr(ord("a") + (value - 1) % 26) * min((value - 1) // 26 + 1, 9)
        return letters.upper() if form == "upperLetter" else letters
    if form in ("lowerRoman", "upperRoman") and 0 < value < 4000:
        roman = ""
        for amount, letters in (*_ROMAN, *_ROMAN_SMALL):
            roman += letters * (value // amount)
            value %= amount
        return roman.upper() if form == "upperRoman" else roman
    return str(value)
