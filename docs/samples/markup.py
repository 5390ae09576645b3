"""Reads the little Markdown that the sample PDFs are written in.

Front matter (``key: value`` lines between two ``---``), ``##`` and ``###`` headings, paragraphs,
``-`` and ``1.`` lists, ``>`` notes and tables, with ``**bold**`` and ``*italic*``. In the line
under a table's head, the dashes give the relative column widths and a colon at the end a column
of figures, set to the right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path


@dataclass(frozen=True)
class Block:
    """One piece of a document, its text in reportlab's inline markup.

    Attributes:
        kind: heading, paragraph, note, bullets, numbers or table.
        text: Of a heading, paragraph or note.
        level: Of a heading: 2 or 3.
        items: Of a list.
        rows: Of a table, its head first.
        widths: Of a table: the relative width of each column.
        right: Of a table: whether each column is set to the right.
    """

    kind: str
    text: str = ""
    level: int = 0
    items: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    widths: tuple[int, ...] = ()
    right: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Source:
    """A source file: title, the other front matter, and its blocks."""

    title: str
    meta: dict[str, str]
    blocks: tuple[Block, ...]


def read_source(path: Path) -> Source:
    """Reads a source file.

    Raises:
        ValueError: It has no front matter, or a character that the standard fonts lack.
    """
    text = path.read_text(encoding="utf-8")
    try:
        text.encode("cp1252")
    except UnicodeEncodeError as error:
        raise ValueError(f"{path}: {text[error.start]!r} is not in the standard fonts") from error
    _, front, body = text.split("---\n", 2)
    meta = dict(line.split(": ", 1) for line in front.splitlines())
    pieces = re.split(r"\n\s*\n", body.strip())
    return Source(
        meta.pop("title"), meta, tuple(block for piece in pieces for block in _read(piece))
    )


def _read(piece: str) -> list[Block]:
    """Reads a piece between blank lines; a list may follow its introduction directly."""
    kinds = groupby(_continued(piece.splitlines()), key=_kind)
    return [READERS[kind](list(lines)) for kind, lines in kinds]


def _continued(lines: Sequence[str]) -> list[str]:
    """Joins wrapped lines to the line that they continue."""
    joined: list[str] = []
    for line in lines:
        if joined and _kind(line) == "paragraph" and _kind(joined[-1]) != "table":
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    return joined


MARKS = {
    "heading": re.compile(r"#{2,3} "),
    "note": re.compile(r"> ?"),
    "bullets": re.compile(r"- "),
    "numbers": re.compile(r"\d{1,2}\. "),
    "table": re.compile(r"\|"),
}


def _kind(line: str) -> str:
    return next((kind for kind, mark in MARKS.items() if mark.match(line)), "paragraph")


def _inline(text: str) -> str:
    text = escape(text.strip(), quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    return re.sub(r"\*(.+?)\*", r"<i>\1</i>", text)


def _heading(lines: list[str]) -> Block:
    marks, _, title = lines[0].partition(" ")
    return Block("heading", text=_inline(title), level=len(marks))


def _prose(lines: list[str], kind: str) -> Block:
    return Block(kind, text=_inline(" ".join(MARKS["note"].sub("", line, 1) for line in lines)))


def _items(lines: list[str], kind: str) -> Block:
    return Block(kind, items=tuple(_inline(MARKS[kind].sub("", line, 1)) for line in lines))


def _table(lines: list[str]) -> Block:
    cells = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in lines]
    rule = cells.pop(1)
    return Block(
        "table",
        rows=tuple(tuple(_inline(cell) for cell in row) for row in cells),
        widths=tuple(len(cell) for cell in rule),
        right=tuple(cell.endswith(":") for cell in rule),
    )


READERS: dict[str, Callable[[list[str]], Block]] = {
    "heading": _heading,
    "paragraph": lambda lines: _prose(lines, "paragraph"),
    "note": lambda lines: _prose(lines, "note"),
    "bullets": lambda lines: _items(lines, "bullets"),
    "numbers": lambda lines: _items(lines, "numbers"),
    "table": _table,
}
