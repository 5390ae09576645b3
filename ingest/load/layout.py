"""What the setting of lines on a page tells: where paragraphs end, and which lines are headings.

PDF text is a list of lines; a paragraph or a heading is known only by the space around it and by
its type. Two rules suffice for reports, papers and manuals: a paragraph ends where the step to the
next line is clearly larger than usual on the page, and a heading is a short line in larger or
bolder type than the body of the document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from ingest.load.pdfium import Line
from rag_app.types import ROW, Heading

_STEP = 1.3  # a step this much larger than the usual one ends a paragraph
_LARGER = 1.15
_BOLDER = 80
_LEVELS = 4
_LONGEST = 120
_WORD = re.compile(r"[^\W\d_]{2,}")
_LETTER = re.compile(r"[^\W\d_]")
_NOT_FIRST = re.compile(r"\s*(?:[a-zß-öø-ÿ(\[$€£%*·•▪◦‣–—-]|\(?[a-z\d]{1,2}\)\s)")
_FIGURE = re.compile(r"\d[\d.,]*")


class StyledPage(NamedTuple):
    """A page's number, its raw text, its lines and what is noted on it.

    Of recognised text, no lines are known.
    """

    number: int
    text: str
    lines: Sequence[Line]
    notes: tuple[str, ...] = ()
    recognised: bool = False


class _Style(NamedTuple):
    size: float
    weight: int


def mark_paragraphs(text: str, lines: Sequence[Line]) -> str:
    r"""Writes a paragraph's end as two line feeds instead of CR LF, so that offsets hold."""
    usual = _usual_step(lines)
    longest = max((line.end - line.start for line in lines), default=0)
    pieces, done = [], 0
    for line, following in pairwise(lines):
        if text[line.start] == ROW and text[following.start] == ROW:
            continue
        short = line.end - line.start < 0.6 * longest
        if line.bottom - following.bottom > _STEP * usual or (short and _restyled(line, following)):
            pieces += [text[done : line.end], "\n\n"]
            done = line.end + 2
    return "".join([*pieces, text[done:]])


def with_notes(text: str, notes: Sequence[str]) -> str:
    """The text of a page with what is filled in and noted on it, each a paragraph below it."""
    return "\n\n".join(filter(None, (text, *notes)))


class HeadingFinder:
    """Recognises the headings of one document by their type, block of pages by block.

    What is usual is counted over all pages so far. A heading's level is its rank among the styles
    that are seen: later pages may change it.
    """

    def __init__(self) -> None:
        self._set: Counter[_Style] = Counter()  # characters in each style
        self._titles: Counter[str] = Counter()
        self._pages_with: Counter[_Style] = Counter()
        self._found: list[tuple[Heading, _Style]] = []
        self._pages = self._lines = 0

    def find(self, pages: Sequence[StyledPage]) -> tuple[Heading, ...]:
        """Those of all pages, the next ones included; none where type does not tell them apart."""
        body = self._body_style(pages)
        found = [one for page in pages for one in _page_headings(page, body)]
        self._titles.update(heading.title for heading, _ in found)
        self._pages += len(pages)
        limit = max(2, self._pages // 4)
        found = [one for one in found if self._titles[one[0].title] <= limit]
        self._lines += sum(len(page.lines) for page in pages)
        self._found += found
        common = self._common_styles(found)
        if len(self._found) * 2 > self._lines:
            return ()
        return tuple(
            replace(heading, level=_level(style, common)) for heading, style in self._found
        )

    def _body_style(self, pages: Sequence[StyledPage]) -> _Style:
        for page in pages:
            for line in page.lines:
                self._set[_style(line)] += line.end - line.start
        return self._set.most_common(1)[0][0] if self._set else _Style(0.0, 0)

    def _common_styles(self, found: Sequence[tuple[Heading, _Style]]) -> list[_Style]:
        """Styles of headings on several pages: a cover page has sizes of its own."""
        seen = {(heading.page, style) for heading, style in found}
        self._pages_with.update(style for _, style in seen)
        common = [style for style, count in self._pages_with.items() if count > 1]
        return common or list(self._pages_with)


def _level(style: _Style, common: Sequence[_Style]) -> int:
    return min(1 + sum(1 for other in common if other > style), _LEVELS)


def _usual_step(lines: Sequence[Line]) -> float:
    """The commonest distance between two lines that follow each other closely."""
    steps: Counter[float] = Counter()
    for line, following in pairwise(lines):
        step, height = line.bottom - following.bottom, line.top - line.bottom
        if 0.5 * height < step < 2.2 * height:
            steps[round(step * 2) / 2] += 1
    if steps:
        return steps.most_common(1)[0][0]
    return 1.3 * max((line.top - line.bottom for line in lines), default=10.0)


def _restyled(line: Line, following: Line) -> bool:
    bolder = line.weight - following.weight
    larger = line.size / following.size if following.size else 1.0
    return bolder >= _BOLDER or larger >= _LARGER


def _style(line: Line) -> _Style:
    return _Style(round(line.size * 2) / 2, line.weight)


def _page_headings(page: StyledPage, body: _Style) -> list[tuple[Heading, _Style]]:
    found: list[tuple[Heading, _Style]] = []
    usual, previous = _usual_step(page.lines), None
    for index, line in enumerate(page.lines):
        following = page.lines[index + 1] if index + 1 < len(page.lines) else None
        title = " ".join(page.text[line.start : line.end].split())
        style = _style(line)
        step = previous.bottom - line.bottom if previous else 10 * usual
        continues = found and previous and found[-1][1] == style and 0 < step <= _STEP * usual
        if continues and previous and found[-1][0].offset == previous.start and _could_be(title, 1):
            heading = found[-1][0]
            joined = Heading(page.number, 1, f"{heading.title} {title}", heading.offset)
            if len(joined.title) <= _LONGEST:
                found[-1] = (joined, style)
        elif _could_be(title, 0) and _stands_out(page, line, following, body):
            found.append((Heading(page.number, 1, title, line.start), style))
        previous = line
    return found


def _could_be(title: str, place: int) -> bool:
    """Whether the words read like a heading; ``place`` is 1 for the second line of one."""
    letters = len(_LETTER.findall(title))
    return (
        3 <= len(title) <= _LONGEST
        and not title.startswith(ROW)
        and _WORD.search(title) is not None
        and letters >= 0.6 * len(title.replace(" ", ""))
        and not title.endswith((".", ",", ";", ":", "\ufffe", "-"))
        and (place == 1 or _NOT_FIRST.match(title) is None)
    )


def _stands_out(page: StyledPage, line: Line, following: Line | None, body: _Style) -> bool:
    if line.size >= _LARGER * body.size:
        return True
    if line.weight < body.weight + _BOLDER or line.size < 0.95 * body.size or following is None:
        return False
    # Bold type of the body's size also sets table heads: a heading has prose below it.
    below = page.text[following.start : following.end]
    prose = len(below) >= 50 and len(_FIGURE.findall(below)) * 12 < len(below)
    return prose and following.weight < line.weight
