"""From text to words, for the models that have a vocabulary; any writing system.

A word is a run of letters, digits and the marks that belong to them. Scripts without spaces
between words (Chinese, Japanese, Thai, Lao, Burmese, Khmer) give overlapping pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

MAX_WORDS = 8192
"""What these models read of a text. They could read any length; a bound keeps the time bounded."""
_LONG_WORD = 32
"""Characters that count as a word at least: text without spaces is cut into passages as well."""
_UNSPACED = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def words(text: str) -> list[str]:
    """The words of ``text`` as they are written; 1,577 is one word, 1577."""
    return list(_words(text))


def folded_words(text: str) -> list[str]:
    """The words of ``text`` without their case."""
    return [word.casefold() for word in _words(text)]


def read_words(text: str, limit: int = MAX_WORDS) -> list[str]:
    """The words that a model reads: as they are written, the first ``limit`` of them."""
    return list(islice(_words(text[: limit * _LONG_WORD]), limit))


def count_words(text: str) -> int:
    """How many words a model reads of ``text``, were there no limit; never far below its length."""
    return max(sum(1 for _ in _words(text)), -(-len(text) // _LONG_WORD))


def is_unspaced(word: str) -> bool:
    """Whether a word is of a script without spaces between words."""
    match = _pattern().match(word)
    return match is not None and match.lastgroup == "unspaced"


def _words(text: str) -> Iterator[str]:
    normal = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text))
    for match in _pattern().finditer(normal):
        run = match[0]
        if match.lastgroup == "unspaced" and len(run) > 2:
            yield from (run[i : i + 2] for i in range(len(run) - 1))
        else:
            yield run


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    # Python's \w leaves out combining marks, which would cut Hindi or Tamil words at every vowel.
    marks = _ranges([c for c in range(0x300, 0x1F000) if unicodedata.category(chr(c))[0] == "M"])
    return re.compile(
        rf"(?P<unspaced>[{_UNSPACED}]+)|(?:[^\W_{_UNSPACED}](?:[^\W_{_UNSPACED}]|[{marks}])*)"
    )


def _ranges(codes: list[int]) -> str:
    """Ascending code points as the inside of a character class."""
    starts = [c for i, c in enumerate(codes) if i == 0 or codes[i - 1] != c - 1]
    ends = [c for i, c in enumerate(codes) if i + 1 == len(codes) or codes[i + 1] != c + 1]
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True))
