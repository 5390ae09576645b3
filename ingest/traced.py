"""Text that remembers where each character came from, however often it is rewritten."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

Replacement = str | Callable[[re.Match[str]], str]


class TracedText:
    """A text with, for each character, its index in the text it was made from.

    Attributes:
        text: The text as it is now.
        offsets: Index in the original for each character, and the original's length at the end.
    """

    __slots__ = ("offsets", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.offsets = array("I", range(len(text) + 1))

    def sub(self, pattern: re.Pattern[str], replacement: Replacement) -> None:
        """Replaces every match, like ``re.sub`` (without group references).

        What is written in a match's place is traced character by character to what stood there,
        and to its last character where it is longer.
        """
        self.replace(
            (
                *match.span(),
                replacement if isinstance(replacement, str) else replacement(match),
            )
            for match in pattern.finditer(self.text)
        )

    def strip(self) -> None:
        """Takes off white space at both ends."""
        length = len(self.text)
        first = length - len(self.text.lstrip())
        last = max(first, len(self.text.rstrip()))
        self.replace([(0, first, ""), (last, length, "")])

    def replace(self, edits: Iterable[tuple[int, int, str]]) -> None:
        """Puts new text in the place of ranges: start, end (not empty) and what takes the place.

        The ranges are in order and do not overlap; all refer to the text before the call.
        """
        pieces, offsets, done = [], array("I"), 0
        for start, end, new in edits:
            if new == self.text[start:end]:
                continue
            pieces += [self.text[done:start], new]
            offsets.extend(self.offsets[done:start])
            stood = self.offsets[start : min(end, start + len(new))]
            offsets.extend(stood)
            offsets.extend(stood[-1:] * (len(new) - len(stood)))
            done = end
        if done:
            offsets.extend(self.offsets[done:])
            self.text, self.offsets = "".join([*pieces, self.text[done:]]), offsets


def position_of(offsets: Sequence[int], raw: int) -> int:
    """The first character that came from ``raw`` or from behind it."""
    return min(bisect_left(offsets, raw), len(offsets) - 1)


def raw_range(offsets: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """The raw characters that the characters from ``start`` up to ``end`` came from."""
    if end <= start:
        return offsets[start], offsets[start]
    return offsets[start], offsets[end - 1] + 1
