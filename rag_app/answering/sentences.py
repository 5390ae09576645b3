"""A passage into sentences, list items and table rows, each with its place in the passage.

Prose goes to ``sentencex``. Lines that are not prose (a list item, a row of a table, a short line
of a form) stand for themselves: gluing them together would quote a table as one endless sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_ITEM = re.compile(r"\s*([-*+•·▪◦‣–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+\S")
_HEADING = re.compile(r"\s*#{1,6}\s")
_RULE = re.compile(r"[\s|:+=_*-]*$")
_ROW = re.compile(r"\s*\|.*\|\s*|[^\n]*\S(?:\t+| {3,})\S[^\n]*")
_SENTENCE_END = re.compile(r"[.!?…:;,][\"'”’»)\]]*\s*$")

WRAP = 60
"""A line at least this long may have been wrapped; a shorter one without punctuation ended."""

ITEM = 300
"""A list item up to this many characters is quoted whole, a longer one by its sentences."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A slice of a passage that can be quoted alone.

    Attributes:
        start: First character in the passage.
        end: One past the last.
        text: The slice, white space collapsed.
        lead: For a table row, the slice of the table's head as it stands in the passage.
    """

    start: int
    end: int
    text: str
    lead: tuple[int, int] | None = None


def split_sentences(passage: str) -> list[Sentence]:
    """All sentences of a passage, in order; headings and rulers are left out."""
    found: list[Sentence] = []
    for block in _blocks(passage):
        start, end = block[0][0], block[-1][1]
        if _stands_alone(passage[start:end]):
            found.append(_sentence(passage, start, end))
        else:
            found.extend(_prose(passage, start, end))
    return _with_heads(passage, [sentence for sentence in found if sentence.text])


def _stands_alone(block: str) -> bool:
    return bool(_ROW.fullmatch(block)) or (bool(_ITEM.match(block)) and len(block) <= ITEM)


def _prose(passage: str, start: int, end: int) -> list[Sentence]:
    from sentencex import get_sentence_boundaries

    return [
        _sentence(passage, start + border["start_index"], start + border["end_index"])
        for border in get_sentence_boundaries("en", passage[start:end])
    ]


def _sentence(passage: str, start: int, end: int) -> Sentence:
    raw = passage[start:end]
    start += len(raw) - len(raw.lstrip())
    end = max(start, end - (len(raw) - len(raw.rstrip())))
    return Sentence(start, end, " ".join(passage[start:end].split()))


def _blocks(passage: str) -> list[list[tuple[int, int]]]:
    """Runs of lines that belong together; headings and rulers belong to none."""
    lines = [(match.start(), match.end()) for match in re.finditer(r"[^\n]+", passage)]
    blocks: list[list[tuple[int, int]]] = []
    before: tuple[int, int] | None = None
    for start, end in lines:
        line = passage[start:end]
        if not line.strip() or _HEADING.match(line) or _RULE.match(line):
            before = None
            continue
        if (
            before is not None
            and "\n\n" not in passage[before[1] : start]
            and not _ends(passage[before[0] : before[1]], line)
        ):
            blocks[-1].append((start, end))
        else:
            blocks.append([(start, end)])
        before = (start, end)
    return blocks


def _ends(line: str, following: str) -> bool:
    """Whether a line break is a border: the next line does not carry this one on."""
    if _ITEM.match(following) or _ROW.match(following) or _ROW.match(line):
        return True
    carries_on = following.lstrip()[:1].islower() or len(line.strip()) >= WRAP
    return not carries_on and not _SENTENCE_END.search(line)


def _with_heads(passage: str, sentences: list[Sentence]) -> list[Sentence]:
    """Gives each row of a table the table's first row, which usually names the columns.

    The first row itself says nothing without the others, and is left out where there are any.
    """
    found: list[Sentence] = []
    head: Sentence | None = None
    for sentence in sentences:
        row = bool(_ROW.fullmatch(passage[sentence.start : sentence.end]))
        if not row or head is None or _apart(passage, found[-1], sentence):
            head = sentence if row else None
            found.append(sentence)
            continue
        if found[-1] is head:
            found.pop()
        found.append(replace(sentence, lead=(head.start, head.end)))
    return found


def _apart(passage: str, before: Sentence, sentence: Sentence) -> bool:
    between = passage[before.end : sentence.start]
    return "\n\n" in between.replace(" ", "") or "#" in between
