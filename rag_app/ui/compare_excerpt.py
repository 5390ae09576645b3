"""Short texts of lists: a few words of a passage, what matters marked, and labels of boxes."""

from __future__ import annotations

import html
import re

from rag_app.ui.markup import marked_passage, quoted, shortened

BEFORE = 80
"""Signs shown before the words that matter."""
_FURNITURE = re.compile(r"(?:^|(?<=\s))(?:#{1,6}|[-*•]|:?-{3,}:?)(?=\s)|\|")
_EMPHASIS = re.compile(r"(?<!\d)\*+|\*+(?!\d)|__")
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#~|$^]|:[\w+-]+:|^\s*(?:[-+]|\d+[.)])\s")


def label(text: str) -> str:
    """A label that shows ``text`` exactly: screen readers get it as it is written here.

    So what needs no escaping is left alone.
    """
    return quoted(text) if _MARKUP.search(text) else text


def excerpt(text: str, length: int) -> str:
    """HTML of the beginning of a passage, without the marks of Markdown."""
    return html.escape(shortened(_plain(text), length))


def excerpt_about(text: str, words: str, length: int) -> str:
    """HTML of a passage around ``words``, which are marked; of its beginning without them."""
    plain, wanted = _plain(text), _plain(words)
    at = plain.find(wanted)
    if not wanted or at < 0 or len(wanted) > length:
        return excerpt(text, length)
    begin = 0 if at <= BEFORE else plain.find(" ", at - BEFORE) + 1
    begin = min(begin, at)
    lead = "… " if begin else ""
    shown = shortened(plain[begin:], max(length, at - begin + len(wanted)))
    return lead + marked_passage(shown, wanted)


def _plain(text: str) -> str:
    return " ".join(_EMPHASIS.sub("", _FURNITURE.sub(" ", text)).split())
