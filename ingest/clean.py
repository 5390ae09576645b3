"""From the raw text of pages to text that reads well, every character traced to the raw page.

What is done, and nothing that changes meaning: Unicode NFC; ligatures written out; control
characters and soft hyphens dropped; words joined that a line end had cut; running headers, footers
and page numbers removed; white space collapsed. Paragraphs end with an empty line. In a PDF the
lines of a paragraph become one, while lists and tables keep their lines; plain text and Markdown
keep all of theirs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from ingest.furniture import repeated_edges
from ingest.hyphens import CUT, Hyphens
from ingest.traced import TracedText
from rag_app.types import CleanPage, LoadedDocument, Page
from rag_app.types.media import PRINTED

_LIGATURES = dict(zip("ﬀﬁﬂﬃﬄﬅﬆ", ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True))
# Bullets that Word's symbol fonts leave in the private use area.
_SYMBOLS = _LIGATURES | {"\uf0b7": "•", "\uf0a7": "▪", "\u2029": "\n\n"}
_SPACES = "\t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
# The joiners U+200C and U+200D stay: Persian, Indic scripts and emoji need them.
_DROPPED = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ufeff\ud800-\udfff"
)
# One set of characters to begin with: the search skips all others, four times as fast as a choice
# between sets.
_ODD = re.compile(rf"[\r\x0b\x0c\x85\u2028{_SPACES}{''.join(_SYMBOLS)}{_DROPPED}](?:(?<=\r)\n)?")
# In a PDF, U+0002 may be PDFium's hyphen.
_ODD_IN_PDF = re.compile(_ODD.pattern.replace("\x00-\x08", "\x00\x01\x03-\x08"))
_LINE_ENDS = frozenset("\r\x0b\x0c\x85\u2028")
_SPACE = re.compile(rf"[{_SPACES}]")
_SOFT_HYPHEN = re.compile(r"\xad(?:\n[ ]*(?=[^\W\d_]))?|[\ufffe\uffff]")
_LEFT_OVER = re.compile(r"[\ufffe\uffff\x02\xad]")
_WORD = re.compile(r"\S+")
_RUNS = re.compile(r"(?<=[^ \n]) {2,}|[ ]+(?=\n|\Z)|\n{3,}")
_BREAK = re.compile(r"[ ]*\n\s*")
_GAPS = re.compile(r" {2,}")
_OUTER_LINES = re.compile(r"\A(?:[ ]*\n)+|\s+\Z")
_BULLET = re.compile(r"[•·▪◦‣●○■□➢✓☐☒*–—-][ ]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)][ ]")
_FIGURE = re.compile(r"[($€£+–—-]*\d[\d.,]*[)%]*\*?|[—–$€£%)]+")
_ROW = "|"  # begins a row of a table
_FULL = 0.75  # a line that reaches this share of the page's width goes on in the next


class Cleaner:
    """Cleans one document, block by block; what earlier blocks say holds for later ones."""

    def __init__(self) -> None:
        self._hyphens = Hyphens()
        self._said: set[str] = set()

    def clean(self, block: LoadedDocument) -> tuple[CleanPage, ...]:
        """Cleans the next pages; a page without text stays, empty."""
        traced = [TracedText(page.text) for page in block.pages]
        for text in traced:
            text.sub(_ODD if block.media_type not in PRINTED else _ODD_IN_PDF, _even)
            _compose(text)
        on_paper = block.media_type in PRINTED
        pages = list(zip(block.pages, traced, strict=True))
        printed = [(page, text) for page, text in pages if on_paper and not page.keeps_lines]
        # Elsewhere a line on many pages is a slide's title or the head of a sheet's table.
        self._drop_furniture(printed)
        self._hyphens.learn(text.text for _, text in printed)
        for _, text in printed:
            text.sub(CUT, self._hyphens.joined)
            _reflow(text)
        for page, text in pages:
            if not on_paper or page.keeps_lines:
                _keep_lines(text)
        return tuple(
            CleanPage(page.number, text.text, text.offsets, page.label) for page, text in pages
        )

    def _drop_furniture(self, pages: Sequence[tuple[Page, TracedText]]) -> None:
        numbered = [(page.number, text.text) for page, text in pages]
        found = repeated_edges(numbered, self._said)
        for (_, text), ranges in zip(pages, found, strict=True):
            if ranges:
                text.replace((start, end, "") for start, end in ranges)


def clean_pages(document: LoadedDocument) -> tuple[CleanPage, ...]:
    """Cleans all pages of a document together."""
    return Cleaner().clean(document)


def _even(match: re.Match[str]) -> str:
    found = match.group()
    if found == "\r\n" or found in _LINE_ENDS:
        return "\n"
    if found in _SYMBOLS:
        return _SYMBOLS[found]
    return " " if _SPACE.match(found) else ""


def _compose(text: TracedText) -> None:
    """Unicode NFC, cluster by cluster, so that an accent leads back to its own letter."""
    if not unicodedata.is_normalized("NFC", text.text):
        text.replace(
            (start, end, unicodedata.normalize("NFC", text.text[start:end]))
            for word in _WORD.finditer(text.text)
            if not unicodedata.is_normalized("NFC", word.group())
            for start, end in _clusters(word.group(), word.start())
        )


def _clusters(word: str, offset: int) -> Iterator[tuple[int, int]]:
    """Each letter with the marks behind it; Hangul syllables with all their parts."""
    start = 0
    for index, char in enumerate(word):
        extends = unicodedata.category(char).startswith("M") or "\u1160" <= char <= "\u11ff"
        if index and not extends:
            yield offset + start, offset + index
            start = index
    yield offset + start, offset + len(word)


def _keep_lines(text: TracedText) -> None:
    text.sub(_SOFT_HYPHEN, "")
    text.sub(_RUNS, _collapsed)
    text.sub(_OUTER_LINES, "")


def _collapsed(match: re.Match[str]) -> str:
    found = match.group()
    if found[0] == "\n":
        return "\n\n"
    at_end = match.end() == len(match.string) or match.string[match.end()] == "\n"
    return "" if at_end else " "


def _reflow(text: TracedText) -> None:
    """Joins the lines of each paragraph of a PDF page."""
    text.sub(_LEFT_OVER, "")
    lines = (line.strip() for line in text.text.split("\n"))
    lengths = sorted(len(line) for line in lines if line and line[0] != _ROW)
    width = lengths[int(0.85 * (len(lengths) - 1))] if lengths else 0

    def line_end(match: re.Match[str]) -> str:
        if match.group().count("\n") > 1:
            return "\n\n"
        page, start = match.string, match.start()
        before = page[page.rfind("\n", 0, start) + 1 : start].strip()
        end = page.find("\n", match.end())
        after = page[match.end() : end if end >= 0 else len(page)]
        return " " if _goes_on(before, after, width) else "\n"

    text.sub(_BREAK, line_end)
    text.sub(_GAPS, " ")
    text.strip()


def _goes_on(before: str, after: str, width: int) -> bool:
    """Whether a sentence runs from the end of one line into the next."""
    if before.startswith(_ROW) or after.startswith(_ROW):
        return False
    if _BULLET.match(after) or _tabular(before) or _tabular(after):
        return False
    if after[:1].islower() and not before.endswith((".", ":", ";", "!", "?")):
        return True
    return len(before) >= _FULL * width


def _tabular(line: str) -> bool:
    """Whether a line ends with figures, or has mostly figures, as the row of a table."""
    words = line.split()
    if len(words) < 2:
        return False
    if _FIGURE.fullmatch(words[-1]) and _FIGURE.fullmatch(words[-2]):
        return True
    figures = sum(1 for word in words if _FIGURE.fullmatch(word))
    return figures >= 2 and 2 * figures >= len(words)
