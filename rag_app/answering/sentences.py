"""A passage into sentences, list items and table rows, each with its place in the passage.

Prose goes to ``sentencex``. Lines that are not prose (a list item, a row of a table, a short line
of a form) stand for themselves: gluing them together would quote a table as one endless sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag_app.answering.tables import are_rows, has_head, is_row, is_rule

_ITEM = re.compile(r"\s*([-*+•·▪◦‣–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
_HEADING = re.compile(r"\s*#{1,6}\s")
_PAUSE = re.compile(r"[.!?…:;,][\"'”’»)\]]*\s*$")

WRAP = 60
"""A line at least this long may have been wrapped; a shorter one without punctuation ended."""

ITEM = 300
"""A list item up to this many characters is quoted whole, a longer one by its sentences."""

Line = tuple[int, int, str]
"""First character, one past the last, and the line itself."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A slice of a passage that can be quoted alone.

    Attributes:
        start: First character in the passage.
        end: One past the last.
        text: The slice, white space collapsed.
        lead: For a row of a table, the slice of the table's head in the passage. A head is no
            sentence itself: it says nothing without a row.
    """

    start: int
    end: int
    text: str
    lead: tuple[int, int] | None = None


def split_sentences(passage: str) -> list[Sentence]:
    """All sentences of a passage, in order; Markdown headings and rules are left out."""
    found: list[Sentence] = []
    for lines in _paragraphs(passage):
        texts = [line for _, _, line in lines]
        if all(map(is_row, texts)) or are_rows(texts):
            found.extend(_rows(passage, lines))
        else:
            found.extend(_prose(passage, lines))
    return [sentence for sentence in found if sentence.text]


def _paragraphs(passage: str) -> Iterator[list[Line]]:
    """Runs of lines between blank lines and headings; rows and other lines apart."""
    run: list[Line] = []
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


def _rows(passage: str, lines: Sequence[Line]) -> Iterator[Sentence]:
    lead: tuple[int, int] | None = None
    rest = lines
    if has_head([line for _, _, line in lines]):
        head = _sentence(passage, lines[0][0], lines[0][1])
        lead, rest = (head.start, head.end), lines[1:]
    for start, end, _ in rest:
        yield _sentence(passage, start, end, lead)


def _prose(passage: str, lines: Sequence[Line]) -> Iterator[Sentence]:
    from sentencex import get_sentence_boundaries

    for start, end in _blocks(lines):
        block = passage[start:end]
        if _ITEM.match(block) and len(block) <= ITEM:
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
    if _ITEM.match(line):
        return False
    wrapped = len(before.strip()) >= WRAP or line.lstrip()[:1].islower()
    return wrapped or bool(_PAUSE.search(before))


def _sentence(passage: str, start: int, end: int, lead: tuple[int, int] | None = None) -> Sentence:
    raw = passage[start:end]
    start += len(raw) - len(raw.lstrip())
    end = max(start, end - (len(raw) - len(raw.rstrip())))
    return Sentence(start, end, " ".join(passage[start:end].split()), lead)
