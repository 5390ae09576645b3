"""Workbooks (XLSX), read by openpyxl row by row: a page for each sheet, the cell range as heading.

Values are those that the spreadsheet program calculated last; formulas and macros are never run.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from ingest.load.grid import Row, cell_range, write_grid
from ingest.load.options import LoadOptions, RawFile
from ingest.load.package import Package, open_package
from ingest.load.writer import DocumentWriter, one_line
from ingest.load.xmltree import attribute, below, child, children
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import LoadedDocument
from rag_app.types.media import XLSX

_Any = Any  # sheets and cells of openpyxl, which has no types
_THREADED = "[Threaded comment]"
_DECIMALS = re.compile(r"\.(0+)%")


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads a workbook.

    Raises:
        DocumentSkippedError: No sheet has a value.
        DocumentUnreadableError: It is encrypted, in an older format, or broken.
    """
    package = open_package(file, "an Excel workbook")
    package.refuse_declarations()
    notes = _comments(package)
    writer = DocumentWriter()
    written = 0
    for name, rows in _sheets(file):
        writer.heading(1, name)
        written += write_grid(writer, rows, 2, cell_range)
        for note in notes.get(name, ()):
            writer.paragraph(note)
            written += 1
        writer.end_page()
    if not written:
        raise DocumentSkippedError(
            f"{file.name} has no value in any cell: nothing to ingest. If it shows values in a "
            "spreadsheet program, save it there and ingest it again."
        )
    return writer.document(XLSX, package.core_title())


def _sheets(file: RawFile) -> Iterator[tuple[str, Iterator[Row]]]:
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():  # of features that have nothing to do with values
            warnings.simplefilter("ignore")
            book = load_workbook(
                io.BytesIO(file.data), read_only=True, data_only=True, keep_links=False
            )
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # what the file says of its size is often wrong
                yield sheet.title, _rows(sheet)
    except Exception as error:
        raise DocumentUnreadableError(
            f"{file.name} is a damaged Excel workbook ({type(error).__name__}). Open it in a "
            "spreadsheet program and save it again."
        ) from error


def _rows(sheet: _Any) -> Iterator[Row]:
    for number, cells in enumerate(sheet.iter_rows(), 1):
        values = ["" if cell.value is None else _shown(cell) for cell in cells]
        while values and not values[-1]:
            values.pop()
        yield number, values


def _shown(cell: _Any) -> str:
    """A value as a reader of the sheet sees it, nearly."""
    value = cell.value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "")
    if isinstance(value, datetime):
        is_day = value.time() == time()
        return value.date().isoformat() if is_day else value.isoformat(" ", "seconds")
    return one_line(str(value))


def _number(value: float, form: str) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if "%" in form:
        decimals = _DECIMALS.search(form)
        return f"{value * 100:.{len(decimals.group(1)) if decimals else 0}f}%"
    return format(value, ".15g") if isinstance(value, float) else str(value)


def _comments(package: Package) -> dict[str, list[str]]:
    """The comments of each sheet with the cell that they are at."""
    main = package.main_part()
    parts = {one.id: one.target for one in package.relations(main)}
    found: dict[str, list[str]] = {}
    for sheet in children(child(package.xml(main), "sheets"), "sheet"):
        id_ = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
        part = parts.get(id_)
        root = package.optional_xml(package.related(part, "comments")) if part else None
        authors = [one.text or "" for one in children(child(root, "authors"), "author")]
        for one in below(root, "comment") if root is not None else ():
            text = one_line("".join(piece.text or "" for piece in below(one, "t")))
            # What Excel writes into comments for programs that do not know threads of them.
            text = text.rpartition("Comment: ")[2] if text.startswith(_THREADED) else text
            if text:
                by = _author(authors, attribute(one, "authorId"))
                note = f"[Comment{by} at {attribute(one, 'ref')}: {text}]"
                found.setdefault(attribute(sheet, "name"), []).append(note)
    return found


def _author(authors: list[str], place: str) -> str:
    name = authors[int(place)] if place.isdecimal() and int(place) < len(authors) else ""
    return f" by {name}" if name and not name.startswith("tc=") else ""
