"""Headings placed on the cleaned pages, and the sections that lie between them.

A section never crosses a page. It carries the titles above it, outermost first, also from earlier
pages. A heading with nothing below it but another heading opens one section with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.traced import position_of
from rag_app.types import CleanPage, Heading, LoadedDocument

_WORD_CHARACTERS = re.compile(r"[\W_]+")
_COMPARED = 24  # letters of a title that must stand where the heading is said to be
_LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of one page under one path of headings."""

    page: CleanPage
    start: int
    end: int
    headings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    start: int
    level: int
    title: str


def bare(text: str) -> str:
    """Letters and digits only, in one case: what two settings of a title have in common."""
    return _WORD_CHARACTERS.sub("", text.casefold())


Met = dict[tuple[int, str, int | None], None]
"""Headings that stand where they are said to be: their pages, titles and offsets, in order."""


def find_sections(
    document: LoadedDocument, pages: Sequence[CleanPage], met: Met | None = None
) -> list[Section]:
    """Cuts pages at their headings.

    Args:
        document: As it was loaded, or some pages of it, with the headings on them and before them.
        pages: The same pages, cleaned.
        met: Headings of earlier pages; those of these pages are added.
    """
    met = {} if met is None else met
    levels = {_key(heading): heading.level for heading in document.headings}
    path: list[_Placed] = []
    for key in met:
        if key in levels:  # type that told headings apart at first may do so no more
            _open(path, _Placed(0, levels[key], _title(key[1])))
    by_page: dict[int, list[Heading]] = {}
    for heading in document.headings:
        by_page.setdefault(heading.page, []).append(heading)
    sections: list[Section] = []
    for page in pages:
        placed = [(_place(one, page), one) for one in by_page.get(page.number, [])]
        found = sorted(((at, one) for at, one in placed if at), key=lambda pair: pair[0].start)
        met |= {_key(one): None for _, one in found}
        sections += _page_sections(page, [at for at, _ in found], path)
    return sections


def _key(heading: Heading) -> tuple[int, str, int | None]:
    return heading.page, heading.title, heading.offset


def _title(words: str) -> str:
    return words[:_LONGEST_TITLE].strip()


def _open(path: list[_Placed], placed: _Placed) -> None:
    """Puts a heading under those that are above it."""
    while path and path[-1].level >= placed.level:
        path.pop()
    path.append(placed)


def _place(heading: Heading, page: CleanPage) -> _Placed | None:
    """Where a heading stands in the cleaned text; None if cleaning took it for a page header."""
    title = _title(heading.title)
    letters = bare(title)
    if not letters:
        return None
    if heading.offset is not None:
        start = position_of(page.offsets, heading.offset)
        here = bare(page.text[start : start + 4 * _COMPARED])
        matches = here[:_COMPARED].startswith(letters[:_COMPARED])
        return _Placed(start, heading.level, title) if matches else None
    # An outline names the page only.
    pattern = r"\s+".join(re.escape(word) for word in title.split())
    match = re.search(rf"(?im)^\W*(?:[\d.]+\s+)?{pattern}", page.text)
    return _Placed(match.start() if match else 0, heading.level, title)


def _page_sections(page: CleanPage, found: Sequence[_Placed], path: list[_Placed]) -> list[Section]:
    """The sections of one page; ``path`` is left as it is at the page's end."""
    sections: list[Section] = []
    start = read = 0
    body = titles = 0  # letters of the open section, and of the headings that it begins with
    for placed in found:
        body += len(bare(page.text[read : placed.start]))
        read = placed.start
        if body > titles:
            sections.append(Section(page, start, placed.start, _titles(path)))
            start, body, titles = placed.start, 0, 0
        titles += len(bare(placed.title))
        _open(path, placed)
    body += len(bare(page.text[read:]))
    if body > titles or not sections:
        sections.append(Section(page, start, len(page.text), _titles(path)))
    else:  # a heading at the foot of the page, whose text is on the next one
        last = sections.pop()
        sections.append(Section(page, last.start, len(page.text), last.headings))
    return [section for section in sections if section.end > section.start]


def _titles(path: Sequence[_Placed]) -> tuple[str, ...]:
    return tuple(placed.title for placed in path)
