"""OpenDocument files (ODT, ODS, ODP), read from their XML by lxml.

A text is one page with headings; a presentation has a page for each slide, a workbook for each
sheet. Footnotes and comments follow the paragraph that they belong to; deleted text is no text.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingest.load.grid import Row, cell_range, write_grid
from ingest.load.odf_text import Inline, cell_text, inline_text, rows_of, table_rows
from ingest.load.options import LoadOptions, RawFile
from ingest.load.package import Package, open_package
from ingest.load.writer import DocumentWriter, one_line
from ingest.load.xmltree import Element, attribute, below, child, children, local
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import LoadedDocument
from rag_app.types.media import ODP, ODS, ODT

_KINDS = {"text": ODT, "spreadsheet": ODS, "presentation": ODP}
_NAMES_LEFT_OUT = (
    "tracked-changes table-of-content alphabetical-index illustration-index forms "
    "sequence-decls settings footer-decl header-decl date-time-decl"
)
_LEFT_OUT = frozenset(_NAMES_LEFT_OUT.split())
_MOST_REPEATED = 1000


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads an OpenDocument text, workbook or presentation.

    Raises:
        DocumentSkippedError: It has no text.
        DocumentUnreadableError: It is encrypted, or broken.
    """
    package = open_package(file, "an OpenDocument file")
    manifest = package.optional_xml("META-INF/manifest.xml")
    if manifest is not None and next(below(manifest, "encryption-data"), None) is not None:
        raise DocumentUnreadableError(
            f"{file.name} is protected by a password. Save a copy without a password and ingest "
            "that."
        )
    body = child(package.xml("content.xml"), "body")
    content = (
        next((one for one in body if local(one) in _KINDS), None) if body is not None else None
    )
    if content is None:
        raise DocumentUnreadableError(
            f"{file.name} is no OpenDocument text, workbook or presentation. Save it as one of "
            "these."
        )
    writer = DocumentWriter()
    _WRITERS[local(content)](content, writer)
    document = writer.document(_KINDS[local(content)], _title(package))
    if not any(page.text for page in document.pages):
        raise DocumentSkippedError(f"{file.name} has no text: nothing to ingest.")
    return document


def _title(package: Package) -> str | None:
    meta = child(package.optional_xml("meta.xml"), "meta", "title")
    return None if meta is None else meta.text


def _text(content: Element, writer: DocumentWriter) -> None:
    _blocks(content, writer, 0)


def _sheets(content: Element, writer: DocumentWriter) -> None:
    for table in children(content, "table"):
        writer.heading(1, attribute(table, "name"))
        titled = writer.length
        write_grid(writer, _cells(table), 2, cell_range)
        if writer.length > titled:
            writer.end_page()


def _slides(content: Element, writer: DocumentWriter) -> None:
    for number, slide in enumerate(children(content, "page"), 1):
        frames = list(slide)
        titles = [one for one in frames if attribute(one, "class") == "title"]
        title = one_line(" ".join(cell_text(one) for one in titles))
        writer.heading(1, title or f"Slide {number}")
        for one in frames:
            if one not in titles and local(one) != "notes":
                _blocks([one], writer, 0)
        for notes in children(slide, "notes"):
            if text := one_line(cell_text(notes)):
                writer.paragraph(f"Speaker notes: {text}")
        writer.end_page()


_WRITERS = {"text": _text, "spreadsheet": _sheets, "presentation": _slides}


def _blocks(parent: Element | list[Element], writer: DocumentWriter, depth: int) -> None:
    for one in parent:
        name = local(one)
        if name == "h":
            level = attribute(one, "outline-level")
            found = inline_text(one)
            writer.heading(int(level) if level.isdecimal() else 1, found.text)
            _attached(found, writer)
        elif name == "p":
            found = inline_text(one)
            writer.paragraph(found.text)
            _attached(found, writer)
        elif name == "list":
            _list(one, writer, depth)
        elif name == "table":
            writer.rows(table_rows(one))
        elif name not in _LEFT_OUT:
            _blocks(one, writer, depth)


def _attached(found: Inline, writer: DocumentWriter) -> None:
    for note in found.notes:
        writer.paragraph(note)
    for box in found.boxes:
        _blocks(box, writer, 0)


def _list(element: Element, writer: DocumentWriter, depth: int) -> None:
    for item in element:
        if local(item) not in ("list-item", "list-header"):
            continue
        for one in item:
            if local(one) == "p":
                found = inline_text(one)
                writer.item(found.text, depth)
                _attached(found, writer)
            elif local(one) == "list":
                _list(one, writer, depth + 1)
            else:
                _blocks([one], writer, depth)


def _cells(table: Element) -> Iterator[Row]:
    """The rows of a sheet; one that stands for many, as the empty ones below all others, once."""
    number = 0
    for row in rows_of(table):
        repeated = _repeated(row, "number-rows-repeated")
        cells: list[str] = []
        for cell in row:
            if local(cell) in ("table-cell", "covered-table-cell"):
                times = _repeated(cell, "number-columns-repeated")
                cells += [cell_text(cell)] * min(times, _MOST_REPEATED)
        while cells and not cells[-1]:
            cells.pop()
        for again in range(1, min(repeated, _MOST_REPEATED if cells else 1) + 1):
            yield number + again, cells
        number += repeated


def _repeated(element: Element, name: str) -> int:
    value = attribute(element, name)
    return max(int(value), 1) if value.isdecimal() and len(value) < 9 else 1
