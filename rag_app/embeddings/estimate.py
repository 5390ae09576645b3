"""Token counts for a model whose tokenizer is not on this machine."""

from __future__ import annotations

import re
from math import ceil

_PIECE = re.compile(r"[A-Za-z]+|\d{1,3}|[^\sA-Za-z\d]|\s{2,}")
_TWO_TOKENS = "\u0800"
"""Signs from here on (three bytes in UTF-8: Chinese, Japanese and others) cost up to two."""
_FOUR_TOKENS = "\U00010000"
"""Signs from here on (four bytes: emoji and rare scripts) cost up to four, one for each byte."""


def estimate_tokens(text: str) -> int:
    """Tokens of a byte-pair tokenizer such as cl100k_base, seldom too few.

    Four Latin letters or three digits are one token, and so is every other sign; English prose
    comes out about a third too high.
    """
    return sum(_cost(piece) for piece in _PIECE.findall(text))


def cut(text: str, tokens: int) -> str:
    """The longest beginning of ``text`` that is estimated at ``tokens`` or less."""
    if len(text.encode("utf-8", "replace")) <= tokens:
        return text  # no tokenizer of bytes makes more tokens than there are bytes
    total = 0
    for match in _PIECE.finditer(text):
        total += _cost(match.group())
        if total > tokens:
            return text[: match.start()]
    return text


def _cost(piece: str) -> int:
    first = piece[0]
    if first >= _TWO_TOKENS:
        return 4 if first >= _FOUR_TOKENS else 2
    return ceil(len(piece) / 4) if piece.isascii() and piece.isalpha() else 1
