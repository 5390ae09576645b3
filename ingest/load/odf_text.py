"""The text of one OpenDocument paragraph, cell or table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.load.writer import one_line
from ingest.load.xmltree import Element, attribute, below, child, local

_MOST_SPACES = 100
_WIDEST = 64
_FRAMES = frozenset({"text-box", "custom-shape"})
_ROW_GROUPS = frozenset({"table-header-rows", "table-rows", "table-row-group"})
_NO_TEXT = frozenset({"title", "desc", "tracked-changes", "ruby-text"})


@dataclass(slots=True)
class Inline:
    """Text of a paragraph, its notes and comments, and the text boxes anchored in it."""

    parts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text, with line ends only where the author put them."""
        return "".join(self.parts)


def inline_text(paragraph: Element) -> Inline:
    """Reads the spans, links and fields of a paragraph."""
    found = Inline()
    _collect(paragraph, found)
    return found


def cell_text(cell: Element) -> str:
    """The text of all paragraphs below an element, on one line."""
    texts = []
    for one in below(cell, "*"):
        if local(one) in ("p", "h") and not _within_note(one, cell):
            found = inline_text(one)
            texts += [found.text, *found.notes]
    return one_line(" ".join(texts))


def table_rows(table: Element) -> list[list[str]]:
    """The cells of a table within a text; one that goes on from above repeats what stands there."""
    rows: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    for row in rows_of(table):
        cells: list[str] = []
        for cell in row:
            if local(cell) == "table-cell":
                text = cell_text(cell)
                deep = attribute(cell, "number-rows-spanned")
                if deep.isdecimal() and int(deep) > 1:
                    hanging[len(cells)] = (len(rows) + int(deep), text)
                cells.append(text)
            elif local(cell) == "covered-table-cell":
                until, above = hanging.get(len(cells), (0, ""))
                cells.append(above if until > len(rows) else "")
            if len(cells) >= _WIDEST:
                break
        rows.append(cells)
    return rows


def rows_of(table: Element) -> Iterator[Element]:
    """The rows of a table, without those of tables within its cells."""
    for one in table:
        if local(one) == "table-row":
            yield one
        elif local(one) in _ROW_GROUPS:
            yield from rows_of(one)


def _within_note(paragraph: Element, cell: Element) -> bool:
    one = paragraph.getparent()
    while one is not None and one is not cell:
        if local(one) in ("note", "annotation", "p"):
            return True
        one = one.getparent()
    return False


def _collect(element: Element, found: Inline) -> None:
    found.parts.append(_plain(element.text))
    for one in element:
        name = local(one)
        if name == "s":
            count = attribute(one, "c")
            found.parts.append(" " * min(int(count) if count.isdecimal() else 1, _MOST_SPACES))
        elif name == "tab":
            found.parts.append(" ")
        elif name == "line-break":
            found.parts.append("\n")
        elif name == "note":
            _note(one, found)
        elif name == "annotation":
            _comment(one, found)
        elif name in _FRAMES:
            found.boxes.append(one)
        elif name and name not in _NO_TEXT:
            _collect(one, found)
        found.parts.append(_plain(one.tail))


def _plain(text: str | None) -> str:
    return (text or "").replace("\n", " ").replace("\t", " ")


def _note(note: Element, found: Inline) -> None:
    mark, body = child(note, "note-citation"), child(note, "note-body")
    label = (mark.text or "").strip() if mark is not None else ""
    if body is not None and (text := cell_text(body)):
        found.parts.append(f" [{label}]")
        found.notes.append(f"[{label}] {text}")


def _comment(comment: Element, found: Inline) -> None:
    author = child(comment, "creator")
    name = f" by {author.text}" if author is not None and author.text else ""
    if text := cell_text(comment):
        found.notes.append(f"[Comment{name}: {text}]")
