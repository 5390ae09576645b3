"""reStructuredText and AsciiDoc: the raw text stays the page's text; headings are read from it.

As with Markdown, a reader of the file sees what is quoted, so nothing is rendered; and no directive
that would include another file is followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.load.options import LoadOptions, RawFile
from ingest.load.text import decode
from rag_app.types import Heading, LoadedDocument, Page
from rag_app.types.media import ASCIIDOC, RST

_ADORNMENT = re.compile(r"([=\-`:'\"~^_*+#<>.])\1{2,}[ \t]*$")
_ASCIIDOC = re.compile(r"(={1,6})[ \t]+(\S.*?)[ \t]*$")
_DEEPEST = 6


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads a reStructuredText or AsciiDoc file as one page with headings.

    Raises:
        DocumentSkippedError: It is binary, or holds nothing but white space.
    """
    text = decode(file)
    is_rst = file.path.suffix.lower() in (".rst", ".rest")
    headings = tuple(_rst(text) if is_rst else _asciidoc(text))
    title = headings[0].title if headings and headings[0].level == 1 else None
    return LoadedDocument(RST if is_rst else ASCIIDOC, (Page(1, text),), title, headings)


def _rst(text: str) -> Iterator[Heading]:
    """Titles underlined, or lined above and below; levels in the order in which styles appear."""
    styles: list[tuple[str, bool]] = []
    lines = text.split("\n")
    start = 0
    for index, line in enumerate(lines):
        mark = _ADORNMENT.match(lines[index + 1]) if index + 1 < len(lines) else None
        title = line.strip()
        above = _ADORNMENT.match(lines[index - 1]) if index else None
        lined = above is not None and mark is not None and above.group(1) == mark.group(1)
        if (
            mark is not None
            and title
            and not _ADORNMENT.match(line)
            and (lined or not line[0].isspace())
            and len(lines[index + 1].rstrip()) >= len(title)
            and (lined or not index or not lines[index - 1].strip())
        ):
            style = (mark.group(1), lined)
            if style not in styles:
                styles.append(style)
            level = min(styles.index(style) + 1, _DEEPEST)
            yield Heading(1, level, title, start + len(line) - len(line.lstrip()))
        start += len(line) + 1


def _asciidoc(text: str) -> Iterator[Heading]:
    start = 0
    listing = False
    for line in text.split("\n"):
        if line.rstrip() in ("----", "....", "++++", "////"):
            listing = not listing
        elif not listing and (found := _ASCIIDOC.match(line)):
            yield Heading(1, len(found.group(1)), found.group(2), start)
        start += len(line) + 1
