"""The text of one Word paragraph, and what its style makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.load.equations import equation_text
from ingest.load.xmltree import Element, attribute, child, children, local

_HEADING = re.compile(r"(?i)heading (\d)")
_CONTENTS = re.compile(r"(?i)toc \d")
_LEFT_OUT = frozenset(
    {"del", "moveFrom", "instrText", "delText", "pPr", "Fallback", "sdtPr", "footnoteRef"}
)
_WRITTEN = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": " "}
_REFERENCES = {
    "footnoteReference": "footnote",
    "endnoteReference": "endnote",
    "commentReference": "comment",
}


@dataclass(slots=True)
class Inline:
    """Text of a paragraph, the boxes and charts anchored in it, and the notes it refers to."""

    parts: list[str] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    charts: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text, with line ends only where the author put them."""
        return "".join(self.parts)


def inline_text(paragraph: Element) -> Inline:
    """Reads a paragraph's runs, links, fields and equations."""
    found = Inline()
    _collect(paragraph, found)
    return found


def _collect(parent: Element, found: Inline) -> None:
    for one in parent:
        name = local(one)
        if name == "t":
            found.parts.append(one.text or "")
        elif name in _WRITTEN:
            found.parts.append(_WRITTEN[name])
        elif name in _REFERENCES:
            _refer(one, _REFERENCES[name], found)
        elif name == "sym":
            found.parts.append(_symbol(one))
        elif name in ("oMath", "oMathPara"):
            found.parts.append(f" {equation_text(one)} ")
        elif name == "txbxContent":
            found.boxes.append(one)
        elif name == "chart":
            found.charts.append(attribute(one, "id"))
        elif name not in _LEFT_OUT and not (name == "r" and _is_hidden(one)):
            _collect(one, found)


def _refer(reference: Element, kind: str, found: Inline) -> None:
    id_ = attribute(reference, "id")
    found.notes.append((kind, id_))
    if kind != "comment":
        found.parts.append(f" [{id_}]")


def _symbol(element: Element) -> str:
    code = attribute(element, "char")
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""


def _is_hidden(run: Element) -> bool:
    vanish = child(run, "rPr", "vanish")
    return vanish is not None and attribute(vanish, "val") not in ("0", "false")


class Style(NamedTuple):
    """What a paragraph's style says: a heading's level (0 for none), and its list."""

    level: int = 0
    is_title: bool = False
    list_id: str = ""
    list_level: str = ""
    is_contents: bool = False


class Styles:
    """The styles of a document; each inherits from the one it is based on."""

    def __init__(self, root: Element | None) -> None:
        self._elements = {attribute(one, "styleId"): one for one in children(root, "style")}
        self._known: dict[str, Style] = {}

    def of(self, paragraph: Element) -> Style:
        """The style of a paragraph, with what the paragraph itself says of its level."""
        properties = child(paragraph, "pPr")
        named = child(properties, "pStyle")
        style = self._style(attribute(named, "val")) if named is not None else Style()
        own = _outline_level(properties)
        return style if own is None or style.level else style._replace(level=own)

    def _style(self, id_: str) -> Style:
        if id_ not in self._known:
            self._known[id_] = Style()  # ends a circle of styles based on each other
            self._known[id_] = self._read(id_)
        return self._known[id_]

    def _read(self, id_: str) -> Style:
        element = self._elements.get(id_)
        if element is None:
            match = _HEADING.fullmatch(id_.replace("Heading", "heading "))
            return Style(int(match.group(1)) if match else 0)
        based, name = child(element, "basedOn"), child(element, "name")
        base = self._style(attribute(based, "val")) if based is not None else Style()
        words = attribute(name, "val") if name is not None else ""
        match = _HEADING.fullmatch(words)
        own = _outline_level(child(element, "pPr"))
        is_title = words.casefold() == "title"
        level = int(match.group(1)) if match else 1 if is_title else own
        numbered = child(element, "pPr", "numPr")
        list_id, depth = child(numbered, "numId"), child(numbered, "ilvl")
        return Style(
            base.level if level is None else level,
            is_title,
            attribute(list_id, "val") if list_id is not None else base.list_id,
            attribute(depth, "val") if depth is not None else base.list_level,
            _CONTENTS.fullmatch(words) is not None,
        )


def _outline_level(properties: Element | None) -> int | None:
    level = child(properties, "outlineLvl")
    value = attribute(level, "val") if level is not None else ""
    return None if not value.isdecimal() else 0 if int(value) > 8 else int(value) + 1
