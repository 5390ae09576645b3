"""Words that a line end has cut in two: which hyphen is part of the word, and which is not.

The document itself is the dictionary. "informa-tion" is joined because "informa" stands nowhere
else in it; "well-known" keeps its hyphen because it, or both of its halves, do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# PDFium writes U+FFFE (older versions U+0002) for a hyphen at a line's end, without the line end.
CUT = re.compile(r"([^\W_]+)(?:[\ufffe\x02]\s*|\xad\s*|[-\u2010][ ]?\n(?!\n))(?=([^\W_]+))")
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

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = texts
        self._words: frozenset[str] | None = None

    def joined(self, match: re.Match[str]) -> str:
        """What takes the place of the left half and its hyphen, for a match of ``CUT``."""
        left, right = match.group(1), match.group(2)
        return left + "-" if self._keeps(left, right) else left

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

    def _known(self) -> frozenset[str]:
        if self._words is None:
            found: set[str] = set()
            for text in self._texts:
                # The halves themselves are no evidence.
                whole = CUT.sub(" \ufffe", text)
                found.update(_WORD.findall(re.sub(r"\ufffe[^\W_]+", " ", whole).casefold()))
            self._words = frozenset(found)
        return self._words
