"""A passage into sentences, list items and table rows, each with its place in the passage.

Prose goes to ``sentencex``. Lines that are not prose (a list item, a row of a table, a short line
of a form) stand for themselves: gluing them together would quote a table as one endless sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rag_app.answering.tables import ITEM, Line, Paragraph, Table, find_tables, is_row, is_rule
from rag_app.types import columns_of

_HEADING = re.compile(r"\s*#{1,6}\s")
_PAUSE = re.compile(r"[.!?…:;,][\"'”’»)\]]*\s*$")

WRAP = 60
"""A line at least this long may have been wrapped; a shorter one without punctuation ended."""

LONGEST_ITEM = 300
"""A list item up to this many characters is quoted whole, a longer one by its sentences."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A slice of a passage that can be quoted alone.

    Attributes:
        start: First character in the passage.
        end: One past the last.
        text: The slice, white space collapsed.
        lead: For a row of a table, what names the columns. It is no sentence itself, for it says
            nothing without a row.
    """

    start: int
    end: int
    text: str
    lead: str = ""


def split_sentences(passage: str, titles: Sequence[str] = ()) -> list[Sentence]:
    """All sentences of a passage, in order; headings and rules are left out.

    Args:
        passage: The text.
        titles: Headings that it may repeat in a paragraph of their own; the last may name the
            columns of a table that the passage begins within.
    """
    known = {_plain(title) for title in titles}
    columns = columns_of(titles)
    paragraphs = list(_paragraphs(passage))
    found: list[Sentence] = []
    for is_title, run in groupby(paragraphs, lambda lines: _plain(_text(lines)) in known):
        if not is_title:
            for part in find_tables(list(run), within=bool(columns)):
                found.extend(
                    _rows(passage, part, columns)
                    if isinstance(part, Table)
                    else _prose(passage, part)
                )
                columns = ""
    return [sentence for sentence in found if sentence.text]


def _text(lines: Paragraph) -> str:
    return " ".join(line for _, _, line in lines)


def _plain(title: str) -> str:
    return " ".join(title.split()).casefold()


def _paragraphs(passage: str) -> Iterator[Paragraph]:
    """Runs of lines between blank lines and headings; rows and other lines apart."""
    run: Paragraph = []
    start = 0
    for line in passage.split("\n"):
        end = start + len(line)
        border = not line.strip() or bool(_HEADING.match(line))
        if run and (border or is_row(line) != is_row(run[-1][2])):
            yield run
            run = []
        if not border and not is_rule(line):
            run.append((start, end, line))
        start = end + 1
    if run:
        yield run


def _rows(passage: str, table: Table, columns: str) -> Iterator[Sentence]:
    lead = passage[slice(*table.head)].strip() if table.head else columns
    for start, end in table.rows:
        yield _sentence(passage, start, end, lead)


def _prose(passage: str, lines: Sequence[Line]) -> Iterator[Sentence]:
    from sentencex import get_sentence_boundaries

    for start, end in _blocks(lines):
        block = passage[start:end]
        if ITEM.match(block) and len(block) <= LONGEST_ITEM:
            yield _sentence(passage, start, end)
            continue
        for border in get_sentence_boundaries("en", block):
            yield _sentence(passage, start + border["start_index"], start + border["end_index"])


def _blocks(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Runs of lines that carry each other on."""
    first, last, before = lines[0]
    for start, end, line in lines[1:]:
        if _carries_on(before, line):
            last = end
        else:
            yield first, last
            first, last = start, end
        before = line
    yield first, last


def _carries_on(before: str, line: str) -> bool:
    """Whether ``line`` goes on with the sentence or paragraph that ``before`` belongs to."""
    if ITEM.match(line):
        return False
    wrapped = len(before.strip()) >= WRAP or line.lstrip()[:1].islower()
    return wrapped or bool(_PAUSE.search(before))


def _sentence(passage: str, start: int, end: int, lead: str = "") -> Sentence:
    raw = passage[start:end]
    start += len(raw) - len(raw.lstrip())
    end = max(start, end - (len(raw) - len(raw.rstrip())))
    return Sentence(start, end, " ".join(passage[start:end].split()), lead)
