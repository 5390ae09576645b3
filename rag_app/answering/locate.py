"""Finds a quotation in its source, allowing for what typesetting changes and nothing else."""

from __future__ import annotations

import re
import unicodedata

# Signs that people and programs exchange for each other.
_SAME = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛`´′", "'"),
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "\u00ad": "",  # soft hyphen
        "\u200b": "",  # zero-width space
        "\u2060": "",  # word joiner
        "\ufeff": "",
    }
)
_ELLIPSIS = re.compile(r"\s*(?:\[?(?:…|\.{3})\]?)\s*")
# As web pages and Markdown have it: what is quoted of it is its words.
_LINK = re.compile(r"\[([^\[\]\n]+)\](\((?:https?://|mailto:)[^()\s]+\))", re.IGNORECASE)
_EDGES = " \t.,;:!?'\"()[]"


def locate(quote: str, passage: str) -> tuple[int, int] | None:
    """Where ``quote`` stands in ``passage``: first character and one past the last, or None.

    White space, case, the style of quotation marks and dashes, and signs at the edges may
    differ. An ellipsis stands for anything left out; the parts must follow in order. Of a link the
    address may be left out.
    """
    found = _place(quote, passage, frozenset())
    if found is None and (addresses := _addresses(passage)):
        found = _place(_LINK.sub(r"\1", quote), passage, addresses)
    return found


def _addresses(text: str) -> frozenset[int]:
    """The places of all characters of links that are not their words."""
    links = list(_LINK.finditer(text))
    brackets = {place for link in links for place in (link.start(), link.end(1))}
    return frozenset(brackets.union(*(range(*link.span(2)) for link in links)))


def _place(quote: str, passage: str, left_out: frozenset[int]) -> tuple[int, int] | None:
    plain, offsets = _folded(passage, left_out)
    parts = [_folded(part)[0].strip(_EDGES) for part in _ELLIPSIS.split(quote)]
    parts = [part for part in parts if part]
    if not parts:
        return None
    first = -1
    after = 0
    for part in parts:
        found = _find(plain, part, after)
        if found < 0:
            return None
        first = found if first < 0 else first
        after = found + len(part)
    return offsets[first], offsets[after - 1] + 1


def _find(text: str, part: str, start: int) -> int:
    """Like ``str.find``, but only at word borders: "cat" does not stand in "concatenate"."""
    while (found := text.find(part, start)) >= 0:
        end = found + len(part)
        cut_before = found > 0 and text[found - 1].isalnum() and part[0].isalnum()
        cut_after = end < len(text) and text[end].isalnum() and part[-1].isalnum()
        if not cut_before and not cut_after:
            return found
        start = found + 1
    return -1


def _folded(text: str, left_out: frozenset[int] = frozenset()) -> tuple[str, list[int]]:
    """The text as it is compared, and for each of its characters the index it came from."""
    characters: list[str] = []
    offsets: list[int] = []
    for index, character in enumerate(text):
        if index in left_out:
            continue
        same = character.translate(_SAME)
        if same.isspace():
            if characters and characters[-1] != " ":
                characters.append(" ")
                offsets.append(index)
            continue
        for one in unicodedata.normalize("NFKC", same).casefold():
            characters.append(one)
            offsets.append(index)
    return "".join(characters), offsets
