"""Word documents (DOCX), read from their XML by lxml.

python-docx would add a layer over the same tree that leaves out what is read here: text boxes,
footnotes, equations, content controls, and the whole of files in the strict variant of the format.
Text that was deleted, moved away or hidden is no text of the document. Notes and comments follow
the paragraph that they belong to, so that they are found with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingest.load.charts import chart_rows, chart_title
from ingest.load.docx_numbering import Numbering
from ingest.load.docx_text import Styles, inline_text
from ingest.load.options import LoadOptions, RawFile
from ingest.load.package import Package, open_package
from ingest.load.writer import DocumentWriter, one_line
from ingest.load.xmltree import Element, attribute, below, child, children, local
from rag_app.errors import DocumentSkippedError
from rag_app.types import LoadedDocument
from rag_app.types.media import DOCX

_NOTES = {"footnotes": "footnote", "endnotes": "endnote", "comments": "comment"}


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads a Word document as one page with headings.

    Raises:
        DocumentSkippedError: It has no text.
        DocumentUnreadableError: It is encrypted, in an older format, or broken.
    """
    package = open_package(file, "a Word document")
    body = child(package.xml(package.main_part()), "body")
    writer = DocumentWriter()
    reader = _Reader(package, writer)
    if body is not None:
        reader.blocks(body)
    if writer.is_blank:
        raise DocumentSkippedError(
            f"{file.name} has no text: it is empty, or holds only pictures. There is nothing to "
            "ingest."
        )
    return writer.document(DOCX, package.core_title() or reader.title)


class _Reader:
    def __init__(self, package: Package, writer: DocumentWriter) -> None:
        main = package.main_part()
        self._package, self._writer = package, writer
        self._related = {one.id: one.target for one in package.relations(main)}
        self._styles = Styles(package.optional_xml(package.related(main, "styles")))
        self._numbering = Numbering(package.optional_xml(package.related(main, "numbering")))
        self._notes = {
            (kind, attribute(note, "id")): note
            for part, kind in _NOTES.items()
            for note in children(package.optional_xml(package.related(main, part)), kind)
        }
        self.title: str | None = None

    def blocks(self, parent: Element) -> None:
        """Paragraphs and tables, also those in content controls and other wrappings."""
        for one in parent:
            name = local(one)
            if name == "p":
                self._paragraph(one)
            elif name == "tbl":
                self._table(one)
            elif name not in ("del", "moveFrom", "sectPr", "sdtPr", "Fallback"):
                self.blocks(one)

    def _paragraph(self, paragraph: Element) -> None:
        found = inline_text(paragraph)
        style = self._styles.of(paragraph)
        if style.is_contents:  # a table of contents says nothing that its headings do not
            return
        number = self._numbering.next(paragraph, style) if found.text.strip() else None
        if style.level and len(found.text) < 300:
            if style.is_title and self.title is None:
                self.title = one_line(found.text)
            self._writer.heading(style.level, f"{number.label if number else ''} {found.text}")
        elif number is not None:
            self._writer.item(found.text, number.depth, number.label or "-")
        else:
            self._writer.paragraph(found.text)
        for box in found.boxes:
            self.blocks(box)
        for id_ in found.charts:
            self._chart(id_)
        for kind, id_ in found.notes:
            self._note(kind, id_)

    def _chart(self, id_: str) -> None:
        root = self._package.optional_xml(self._related.get(id_))
        if root is not None:
            self._writer.paragraph(chart_title(root))
            self._writer.rows(chart_rows(root))

    def _note(self, kind: str, id_: str) -> None:
        note = self._notes.get((kind, id_))
        text = one_line(_plain(note)) if note is not None else ""
        if text and kind == "comment":
            author = attribute(note, "author")
            self._writer.paragraph(f"[Comment by {author}: {text}]" if author else f"[{text}]")
        elif text:
            self._writer.paragraph(f"[{id_}] {text}")

    def _table(self, table: Element) -> None:
        rows: list[list[str]] = []
        notes: list[tuple[str, str]] = []
        above: dict[int, str] = {}
        for row in _rows(table):
            cells: list[str] = [""] * _number(child(row, "trPr"), "gridBefore", 0)
            for cell in _cells(row):
                properties = child(cell, "tcPr")
                column = len(cells)
                merge = child(properties, "vMerge")
                if merge is not None and attribute(merge, "val") != "restart":
                    text = above.get(column, "")
                else:
                    text = one_line(_plain(cell, notes))
                above[column] = text
                cells += [text, *[""] * (_number(properties, "gridSpan", 1) - 1)]
            rows.append(cells)
        self._write_table(table, rows)
        for kind, id_ in dict.fromkeys(notes):
            self._note(kind, id_)

    def _write_table(self, table: Element, rows: list[list[str]]) -> None:
        if len(rows) == 1 and len(rows[0]) == 1:  # a frame around text
            for cell in below(table, "tc"):
                self.blocks(cell)
                return
        self._writer.rows(rows)


def _number(properties: Element | None, name: str, otherwise: int) -> int:
    found = child(properties, name)
    value = attribute(found, "val") if found is not None else ""
    return min(int(value), 64) if value.isdecimal() else otherwise


def _rows(table: Element) -> list[Element]:
    """The rows of a table, also those in content controls, without those of tables within."""
    rows: list[Element] = []
    for one in table:
        if local(one) == "tr":
            rows.append(one)
        elif local(one) in ("sdt", "sdtContent", "customXml", "ins"):
            rows += _rows(one)
    return rows


def _cells(row: Element) -> list[Element]:
    cells: list[Element] = []
    for one in row:
        if local(one) == "tc":
            cells.append(one)
        elif local(one) in ("sdt", "sdtContent", "customXml"):
            cells += _cells(one)
    return cells


def _paragraphs(block: Element) -> Iterator[Element]:
    """All paragraphs, those of a text box once: files hold a second copy for old programs."""
    for one in block:
        if local(one) == "p":
            yield one
        if local(one) != "Fallback":
            yield from _paragraphs(one)


def _plain(block: Element, notes: list[tuple[str, str]] | None = None) -> str:
    """The text of all paragraphs of a cell or note, on one line."""
    texts = []
    for paragraph in _paragraphs(block):
        found = inline_text(paragraph)
        texts.append(found.text)
        if notes is not None:
            notes += found.notes
    return " ".join(texts)
