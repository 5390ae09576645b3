"""What is written on a map: the passage beside the pointer. Text of documents is never markup."""

from __future__ import annotations

import re
import textwrap
from html import escape

from rag_app.evaluation.collection_map import Mark, Passage

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_WIDTH = 64
_LINES = 9


def plain(text: str) -> str:
    """``text`` in one line, without control characters."""
    return " ".join(_CONTROL.sub(" ", text).split())


def safe(text: str) -> str:
    """``text`` for plotly, which reads tags and entities in every label."""
    return escape(plain(text), quote=False)


def hover(passage: Passage, above: str = "") -> str:
    """Document, page, headings and the passage in lines, as plotly's markup."""
    chunk, document = passage
    page = f", page {chunk.page}" if document.paginated else ""
    lines = [f"<b>{safe(textwrap.shorten(document.name, 56, placeholder='…'))}</b>{page}"]
    if above:
        lines.insert(0, f"<b>{safe(above)}</b>")
    if chunk.headings:
        path = " › ".join(map(plain, chunk.headings))
        lines.append(f"<i>{safe(textwrap.shorten(path, _WIDTH, placeholder=' …'))}</i>")
    wrapped = textwrap.wrap(plain(chunk.text), _WIDTH, max_lines=_LINES, placeholder=" …")
    return "<br>".join([*lines, "", *map(safe, wrapped)])


def hit_text(rank: int, hit: Mark) -> str:
    """What stands beside the pointer on a hit."""
    assert hit.passage is not None  # noqa: S101 - only the question itself has none
    return hover(hit.passage, f"Hit {rank} · cosine {hit.cosine:.2f}")


def question_text(question: str) -> str:
    """What stands beside the pointer on the question."""
    wrapped = textwrap.wrap(plain(question), _WIDTH, max_lines=_LINES, placeholder=" …")
    return "<br>".join(["<b>Question</b>", *map(safe, wrapped)])
