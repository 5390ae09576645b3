"""Where links lead to: kept where a reader may want to follow them, as Markdown writes them.

Addresses that are absolute and short enough to be meant for people. Nothing is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 200
_MOST_WORDS = 100
_ENDS = " .,;:"
_ADDRESS = re.compile(r"(?i)https?://[^\s/].*|mailto:[^\s@]+@[^\s@]+")
_SCHEME = re.compile(r"(?i)^(?:https?://(?:www\.)?|mailto:|www\.)")
_ESCAPED = str.maketrans({" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E"})
_SPACES = re.compile(r"\s+")


def kept_address(address: str) -> str:
    """An address as it is kept; empty for one within the document, of a program, or too long."""
    address = _SPACES.sub(" ", address.strip())
    if len(address) > LONGEST or not _ADDRESS.fullmatch(address):
        return ""
    found = address.translate(_ESCAPED)
    return found if len(found) <= LONGEST else ""


def bare_address(text: str) -> str:
    """What two ways of writing an address have in common."""
    return _SCHEME.sub("", text.strip()).split("?subject=")[0].rstrip("/.").casefold()


class Links:
    """The links of one page.

    Attributes:
        characters: How many the addresses took so far, with their brackets.
    """

    def __init__(self) -> None:
        self.characters = 0

    def around(self, words: str, address: str) -> str:
        """Words with the address that they lead to; alone where they are it, or there is none."""
        plain = words.strip()
        kept = kept_address(address)
        if not plain or not kept or "\n" in plain or bare_address(plain) == bare_address(kept):
            return words
        found = f"[{plain}]({kept})"
        self.characters += len(found) - len(plain)
        start = words.index(plain)
        return f"{words[:start]}{found}{words[start + len(plain) :]}"


def unshown(links: Iterable[tuple[str, str]], text: str) -> tuple[str, ...]:
    """A line for each address that a text does not show: its words, and the address.

    Args:
        links: Words and address of each, in their order; words may be missing.
        text: What is there to be read.
    """
    shown = _SPACES.sub("", text).casefold()
    found: dict[str, str] = {}
    for words, address in links:
        kept = kept_address(address)
        if kept and bare_address(kept) not in shown:
            said = found.get(kept, "")  # a link of two lines is two for a PDF
            more = _SPACES.sub(" ", words).strip()
            found[kept] = said if more in said else f"{said} {more}".strip()
    return tuple(f"{_short(words)}: {kept}" if words else kept for kept, words in found.items())


def _short(words: str) -> str:
    if len(words) > _MOST_WORDS:
        words = words[:_MOST_WORDS].rpartition(" ")[0] or words[:_MOST_WORDS]
        return f"{words.rstrip(_ENDS)} …"
    return words.rstrip(_ENDS) or words
