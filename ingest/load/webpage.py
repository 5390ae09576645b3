"""Web pages (HTML): the main content, without what frames it on every page of a site.

What the page itself marks as its content is taken (``main``, ``article``); without such marks,
everything but navigation, banners and lists of links. A page of which hardly anything would be
left is taken whole. Links keep their addresses. Nothing is fetched, no script is run.

Measured on the 32 pages of docling's test set, whose expected text is the whole page: trafilatura
keeps a mean of 91 % of the words, this module 97 %; it would bring a dozen packages along.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from ingest.load.links import Links
from ingest.load.markup import is_hidden, write_markup
from ingest.load.options import LoadOptions, RawFile
from ingest.load.text import decode
from ingest.load.writer import DocumentWriter
from ingest.load.xmltree import Element, attribute, below, local, parse_html
from rag_app.errors import DocumentSkippedError
from rag_app.types import LoadedDocument
from rag_app.types.media import HTML

_CHARSET = re.compile(rb"""(?i)(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""")
_SAMPLE = 4096
_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar"}
)
_MARKED = re.compile(
    r"(?i)(?:^|[\s_-])(?:nav|navbar|navbox|navigation|menu|sidebar|breadcrumbs?|cookies?|consent|"
    r"advert|advertisement|share|social|newsletter|skip|jump-?link|editsection|noprint|pagination|"
    r"related-posts|site-footer|site-header|catlinks|printfooter)(?:$|[\s_-])"
)
_LEAST_SHARE = 0.2
_FEWEST_LINKS = 4
_LINKED = 0.75
_LONGEST_LINK = 45


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads a web page as one page with headings.

    Raises:
        DocumentSkippedError: It is binary, or shows no text.
    """
    root = parse_html(decode_markup(file))
    if root is None or not (written := _written(root)):
        raise DocumentSkippedError(
            f"{file.name} shows no text without running its scripts. Save the page from a browser "
            "as a complete page, or print it to PDF."
        )
    title = next((one.text for one in below(root, "title") if one.text), None)
    return written.document(HTML, title)


def decode_markup(file: RawFile) -> str:
    """The characters of a page: UTF-8 where it fits, else as the page declares, else guessed."""
    declared = _CHARSET.search(file.data[:_SAMPLE])
    if declared and not file.data.startswith(codecs.BOM_UTF8):
        name = declared.group(1).decode("ascii", "replace").lower()
        try:
            file.data.decode("utf-8")
            wide = not name.startswith("iso-2022")
        except UnicodeDecodeError:
            wide = name.startswith("utf")
        if not wide:
            name = "cp1252" if name in ("iso-8859-1", "latin1", "us-ascii") else name
            try:
                return file.data.decode(name, "replace")
            except LookupError:
                pass
    return decode(file)


def _written(root: Element) -> DocumentWriter | None:
    body = next(below(root, "body"), root)
    page = _Page(body)
    whole = page.shown(body).text
    if not whole:
        return None
    content = page.content(body)
    for left_out in (_is_frame if content is not body else page.is_around, _is_frame, None):
        writer, links = DocumentWriter(), Links()
        write_markup(writer, content if left_out else body, left_out, links)
        length = writer.length - links.characters
        if length >= _LEAST_SHARE * whole or (left_out is None and writer.length):
            return writer
    return None


class _Shown(NamedTuple):
    """What a reader sees of an element: letters, links, and letters of links."""

    text: int
    links: int = 0
    linked: int = 0


_NOTHING = _Shown(0)


class _Page:
    """A page with the amount of text below each element, counted once."""

    def __init__(self, body: Element) -> None:
        self._shown: dict[Element, _Shown] = {}
        order, waiting = [], [body]
        while waiting:
            one = waiting.pop()
            order.append(one)
            waiting += [inner for inner in one if local(inner) and not is_hidden(inner)]
        for one in reversed(order):  # what is within is counted before what holds it
            self._shown[one] = self._count(one)

    def _count(self, element: Element) -> _Shown:
        text, links, linked = len((element.text or "").strip()), 0, 0
        for inner in element:
            below_it = self.shown(inner)
            text += below_it.text + len((inner.tail or "").strip())
            links += below_it.links
            linked += below_it.linked
        return _Shown(text, 1, text) if local(element) == "a" else _Shown(text, links, linked)

    def shown(self, element: Element) -> _Shown:
        """What is seen of an element."""
        return self._shown.get(element, _NOTHING)

    def content(self, body: Element) -> Element:
        """The element that the page marks as its content, if it holds enough of it."""
        marked = list(below(body, "main")) or [
            one for one in body.iter() if local(one) and attribute(one, "role") == "main"
        ]
        marked = marked or list(below(body, "article"))
        enough = _LEAST_SHARE * self.shown(body).text
        return marked[0] if len(marked) == 1 and self.shown(marked[0]).text >= enough else body

    def is_around(self, element: Element) -> bool:
        """Whether an element frames the content, where nothing is marked as content."""
        name = local(element)
        if _is_frame(element) or name == "aside":
            return True
        if name == "header":
            return next(below(element, "h1"), None) is None
        return name in ("ul", "ol", "div", "table") and self._is_of_links(element)

    def _is_of_links(self, element: Element) -> bool:
        text, links, linked = self.shown(element)
        return (
            links >= _FEWEST_LINKS and linked <= _LONGEST_LINK * links and linked >= _LINKED * text
        )


def _is_frame(element: Element) -> bool:
    """Whether an element says of itself that it is not content."""
    name = local(element)
    if name in ("nav", "footer") or attribute(element, "role").lower() in _ROLES:
        return True
    if name in ("body", "main", "article", "h1", "a", "span", "p", "td", "th", "li"):
        return False
    return _MARKED.search(f"{attribute(element, 'class')} {attribute(element, 'id')}") is not None
