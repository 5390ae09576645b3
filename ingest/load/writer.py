"""What loaders of structured formats write into: paragraphs, headings and rows, with offsets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag_app.types import Heading, LoadedDocument, Page

_SPACES = re.compile(r"\s+")
_DEEPEST = 6


def one_line(text: str) -> str:
    """The words of a text with single spaces between them."""
    return _SPACES.sub(" ", text).strip()


def row_line(cells: Iterable[str]) -> str:
    """A table's row as Markdown writes it; a bar within a cell is escaped."""
    return "| " + " | ".join(one_line(cell).replace("|", "\\|") for cell in cells) + " |"


class DocumentWriter:
    """Builds the pages of a document piece by piece; each heading is noted with its offset."""

    def __init__(self) -> None:
        self._pages: list[Page] = []
        self._headings: list[Heading] = []
        self._parts: list[str] = []
        self._length = 0
        self._kind = ""
        self._recognised = False

    @property
    def page(self) -> int:
        """Number of the page that is being written."""
        return len(self._pages) + 1

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written on this page."""
        return not self._parts

    @property
    def length(self) -> int:
        """Characters on this page."""
        return self._length

    def heading(self, level: int, title: str) -> None:
        """Writes a heading on a line of its own."""
        title = one_line(title)
        if title:
            start = self._add(title, "heading")
            self._headings.append(Heading(self.page, min(max(level, 1), _DEEPEST), title, start))

    def paragraph(self, text: str) -> None:
        """Writes a paragraph; line ends within it stay."""
        self._add(text.strip(), "paragraph")

    def item(self, text: str, depth: int = 0, mark: str = "-") -> None:
        """Writes an item of a list; items that follow each other have no blank line between."""
        text = text.strip()
        if text:
            self._add(f"{'  ' * depth}{mark} {text}", "item")

    def line(self, text: str) -> None:
        """Writes a line; lines that follow each other have no blank line between."""
        self._add(one_line(text), "line")

    def rows(self, rows: Iterable[Sequence[str]]) -> None:
        """Writes a table, filled up to its widest row; the first row is its head."""
        filled = [row for row in rows if any(cell.strip() for cell in row)]
        width = max((len(row) for row in filled), default=0)
        if width == 1:
            for row in filled:
                self.paragraph(row[0])
        elif filled:
            lines = (row_line([*row, *[""] * (width - len(row))]) for row in filled)
            self._add("\n".join(lines), "table")

    def gap(self) -> None:
        """Sets what comes next apart from the lines before."""
        self._kind = ""

    def place(self, page: Page, headings: Iterable[Heading], deeper: int = 1) -> None:
        """Adds text that another loader read, its headings so much deeper, to this page."""
        start = self._add(page.text, "page")
        self._recognised = self._recognised or page.recognised
        for one in headings:
            offset = None if one.offset is None else start + one.offset
            level = min(one.level + deeper, _DEEPEST)
            self._headings.append(Heading(self.page, level, one.title, offset))

    def end_page(self) -> None:
        """Begins the next page."""
        text = "".join(self._parts)
        self._pages.append(Page(self.page, text, recognised=self._recognised))
        self._parts, self._length, self._kind, self._recognised = [], 0, "", False

    def document(
        self, media_type: str, title: str | None = None, metadata: dict[str, str] | None = None
    ) -> LoadedDocument:
        """All that was written."""
        if not self.is_blank or not self._pages:
            self.end_page()
        return LoadedDocument(
            media_type,
            tuple(self._pages),
            title=one_line(title or "") or None,
            headings=tuple(self._headings),
            metadata=metadata or {},
        )

    def _add(self, text: str, kind: str) -> int:
        """Appends a block and tells where it starts."""
        if not text:
            return self._length
        joins = kind == self._kind and kind in ("item", "line")
        gap = "" if not self._parts else "\n" if joins else "\n\n"
        start = self._length + len(gap)
        self._parts.append(gap + text)
        self._length, self._kind = start + len(text), kind
        return start
