"""From the elements of a web page to paragraphs, headings, lists and rows.

Used for HTML files, the chapters of e-books and the bodies of messages. Scripts, controls and what
a browser would not show are no text. Links keep their words, and where it is wanted the addresses
that they lead to, except in headings, which are names.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ingest.load.html_table import as_rows
from ingest.load.links import Links
from ingest.load.writer import DocumentWriter, one_line
from ingest.load.xmltree import Element, attribute, local

_SPACES = re.compile(r"[ \t\r\n\f]+")
_SPACES_ONLY = re.compile(r" {2,}")
_AROUND_BREAK = re.compile(r" *\n *")
_HEADING = re.compile(r"h[1-6]")
_HIDDEN = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden")
_DEEPEST = 200
_NAMES_WITHOUT_TEXT = (
    "applet audio base basefont button canvas datalist embed frame frameset head iframe input "
    "link map meta noscript object option script select style svg template textarea title video "
    "annotation annotation-xml rp"
)
_NAMES_OF_BLOCKS = (
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form header hgroup hr html legend li main menu nav ol p section "
    "summary table tbody td tfoot th thead tr ul"
)
_NO_TEXT = frozenset(_NAMES_WITHOUT_TEXT.split())
_BLOCKS = frozenset(_NAMES_OF_BLOCKS.split())

LeftOut = Callable[[Element], bool]


def is_hidden(element: Element) -> bool:
    """Whether a browser shows nothing of an element, as far as the element itself says."""
    return (
        local(element) in _NO_TEXT
        or "hidden" in element.attrib
        or attribute(element, "aria-hidden").lower() == "true"
        or _HIDDEN.search(attribute(element, "style")) is not None
    )


def write_markup(
    writer: DocumentWriter,
    root: Element,
    left_out: LeftOut | None = None,
    links: Links | None = None,
) -> None:
    """Writes what an element holds.

    Args:
        writer: Where to.
        root: For example the body of a page.
        left_out: Elements for which this holds are passed over, beside those that are hidden.
        links: What keeps the addresses of links; without it they go.
    """
    _Markup(writer, left_out, links).write(root)


class _Markup:
    def __init__(
        self, writer: DocumentWriter, left_out: LeftOut | None, links: Links | None
    ) -> None:
        self._writer, self._left_out, self._links = writer, left_out, links
        self._inline: list[str] = []
        self._blocks = 0  # that were begun or ended so far
        self._lists: list[int] = []  # the next number of each open list; 0 for bullets
        self._mark = ""  # of the list item whose text comes next

    def write(self, root: Element) -> None:
        self._children(root, 0)
        self._flush()

    def _skipped(self, element: Element) -> bool:
        return is_hidden(element) or (self._left_out is not None and self._left_out(element))

    def _children(self, element: Element, depth: int) -> None:
        self._text(element.text)
        for one in element:
            if local(one) and not self._skipped(one):
                self._element(one, depth + 1)
            self._text(one.tail)

    def _element(self, element: Element, depth: int) -> None:
        name = local(element)
        if depth > _DEEPEST:
            self._text("".join(element.itertext()))
        elif name == "br":
            self._inline.append("\n")
        elif name == "pre":
            self._preformatted(element)
        elif _HEADING.fullmatch(name):
            self._heading(element, int(name[1]), depth)
        elif name == "table" and (rows := as_rows(element, self._skipped, self._links)) is not None:
            self._flush()
            self._writer.paragraph(rows.caption)
            self._writer.rows(rows.rows)
        elif name in ("ul", "ol", "menu"):
            self._list(element, depth)
        elif name in _BLOCKS:
            self._block(element, name, depth)
        elif name == "a" and self._links is not None:
            self._link(element, depth, self._links)
        else:
            self._children(element, depth)

    def _link(self, element: Element, depth: int, links: Links) -> None:
        start, blocks = len(self._inline), self._blocks
        self._links = None  # none is within another
        self._children(element, depth)
        self._links = links
        if blocks == self._blocks:  # else what it begins with is written already
            words = _SPACES_ONLY.sub(" ", "".join(self._inline[start:]))
            self._inline[start:] = [links.around(words, attribute(element, "href"))]

    def _block(self, element: Element, name: str, depth: int) -> None:
        self._flush()
        if name == "li":
            self._mark = self._next_mark()
        self._children(element, depth)
        self._flush()
        if name == "li":
            self._mark = ""

    def _heading(self, element: Element, level: int, depth: int) -> None:
        self._flush()
        links, self._links = self._links, None
        self._children(element, depth)
        self._links = links
        title = one_line("".join(self._inline))
        self._inline.clear()
        self._writer.heading(level, title)

    def _list(self, element: Element, depth: int) -> None:
        self._flush()
        start = attribute(element, "start")
        number = int(start) if start.isdecimal() and len(start) < 9 else 1
        self._lists.append(number if local(element) == "ol" else 0)
        self._children(element, depth)
        self._flush()
        self._lists.pop()

    def _next_mark(self) -> str:
        if not self._lists or not self._lists[-1]:
            return "-"
        self._lists[-1] += 1
        return f"{self._lists[-1] - 1}."

    def _preformatted(self, element: Element) -> None:
        self._flush()
        lines = "".join(element.itertext()).expandtabs(4).split("\n")
        while lines and not lines[0].strip():
            lines.pop(0)
        self._writer.paragraph("\n".join(lines).rstrip())

    def _text(self, text: str | None) -> None:
        if text:
            self._inline.append(_SPACES.sub(" ", text))

    def _flush(self) -> None:
        self._blocks += 1
        if not self._inline:
            return
        text = _SPACES_ONLY.sub(" ", "".join(self._inline))
        text = _AROUND_BREAK.sub("\n", text).strip()
        self._inline.clear()
        if text and self._mark:
            self._writer.item(text, max(len(self._lists) - 1, 0), self._mark)
            self._mark = ""
        elif text:
            self._writer.paragraph(text)
