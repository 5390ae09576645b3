"""Words that a line end has cut in two: which hyphen is part of the word, and which is not.

The document itself is the dictionary. "informa-tion" is joined because "informa" stands nowhere
else in it; "well-known" keeps its hyphen because it, or both of its halves, do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# PDFium writes U+FFFE (older versions U+0002) for a hyphen at a line's end, without the line end.
# The hyphen stands first in the pattern, so that the search skips from one to the next; what is
# before it is looked up where one was found.
CUT = re.compile(
    r"[\ufffe\x02\xad\u2010-](?:(?<=[\ufffe\x02\xad])\s*|(?<=[\u2010-])[ ]?\n(?!\n))(?=([^\W_]+))"
)
_LEFT = re.compile(r"[^\W_]+\Z")
_LONGEST = 100  # characters of a word that are looked at
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_PREFIXES = frozenset(
    (
        "non",
        "self",
        "well",
        "ex",
        "cross",
        "half",
        "quasi",
        "multi",
        "anti",
        "semi",
        "long",
        "short",
    )
)


class Hyphens:
    """Decides for one document; reads its words when the first decision is due."""

    def __init__(self) -> None:
        self._unread: list[str] = []
        self._words: set[str] = set()

    def learn(self, texts: Iterable[str]) -> None:
        """Takes further pages of the document in."""
        self._unread += texts

    def joined(self, match: re.Match[str]) -> str:
        """What takes the place of a match of ``CUT``: a hyphen, nothing, or what it was."""
        left = _left(match)
        if not left:
            return match.group()
        return "-" if self._keeps(left, match.group(1)) else ""

    def _keeps(self, left: str, right: str) -> bool:
        capital = right[0].isupper() and not (left.isupper() and right.isupper() and len(left) > 1)
        if capital or right[0].isdigit() or left[-1].isdigit():
            return True
        words = self._known()
        left, right = left.casefold(), right.casefold()
        if f"{left}-{right}" in words:
            return True
        if left + right in words:
            return False
        return left in _PREFIXES or (left in words and right in words)

    def _known(self) -> set[str]:
        while self._unread:
            self._words.update(_WORD.findall(_without_halves(self._unread.pop()).casefold()))
        return self._words


def _left(match: re.Match[str]) -> str:
    """The half of the word before a match of ``CUT``."""
    start = match.start()
    found = _LEFT.search(match.string[max(0, start - _LONGEST) : start])
    return found.group() if found else ""


def _without_halves(text: str) -> str:
    """The text without cut words: the halves themselves are no evidence."""
    pieces, done = [], 0
    for match in CUT.finditer(text):
        if left := _left(match):
            pieces.append(text[done : match.start() - len(left)])
            done = match.end(1)
    return " ".join([*pieces, text[done:]])
