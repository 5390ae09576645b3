"""Markdown: the raw text stays the page's text; headings are read from it with their offsets.

Follows CommonMark for ATX headings (``## Title``), setext headings (underlined with ``===`` or
``---``) and fenced code, in which nothing is a heading. Front matter gives the title and what else
it says of the text, and is not text itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.load.front_matter import split_front
from ingest.load.options import LoadOptions, RawFile
from ingest.load.text import decode
from rag_app.types import MARKDOWN, Heading, LoadedDocument, Page

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_NO_TITLE = re.compile(r"\s*(?:[-*+>|]|\d+[.)]\s|$| {4})")
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}")


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads a Markdown file as one page with headings.

    Raises:
        DocumentSkippedError: It is binary, or holds nothing but white space.
    """
    said, body = split_front(decode(file))
    found = tuple(headings(body))
    title = said.pop("title", "") or None
    if title is None and found and found[0].level == 1:
        title = found[0].title
    return LoadedDocument(MARKDOWN, (Page(1, body),), title=title, headings=found, metadata=said)


def headings(text: str) -> Iterator[Heading]:
    """The headings of a Markdown text, as those of page 1."""
    fence = ""
    before, before_start, start = "", 0, 0
    for line in text.split("\n"):
        fence, was_code = _fence_after(fence, line)
        if was_code:
            before = ""
        elif (atx := _ATX.match(line)) and atx.group(2):
            yield Heading(1, len(atx.group(1)), _plain(atx.group(2)), start)
            before = ""
        elif (setext := _SETEXT.match(line)) and not _NO_TITLE.match(before):
            level = 1 if setext.group(1)[0] == "=" else 2
            yield Heading(1, level, _plain(before), before_start)
            before = ""
        else:
            before, before_start = line, start
        start += len(line) + 1


def _fence_after(fence: str, line: str) -> tuple[str, bool]:
    """The fence that is open after ``line``, and whether the line belongs to fenced code."""
    found = _FENCE.match(line)
    if not fence:
        return (found.group(1), True) if found else ("", False)
    closes = found and found.group(1).startswith(fence) and not line.strip(" `~")
    return ("" if closes else fence), True


def _plain(title: str) -> str:
    return _MARKUP.sub(r"\1", title).strip() or title.strip()
