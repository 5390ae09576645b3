"""Values with delimiters (CSV, TSV): the delimiter is found by trying, the rows by Python's csv."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from ingest.load.grid import Place, write_grid
from ingest.load.options import LoadOptions, RawFile
from ingest.load.text import decode
from ingest.load.writer import DocumentWriter, one_line
from rag_app.errors import DocumentSkippedError
from rag_app.types import LoadedDocument
from rag_app.types.media import CSV

_DELIMITERS = (",", ";", "\t", "|", ":")
_LOOKED_AT = 50
_LONGEST_FIELD = 10_000_000


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads a table as one page; its first row names the columns.

    Raises:
        DocumentSkippedError: It is binary, or has no cell with text.
    """
    text = decode(file)
    writer = DocumentWriter()
    if not write_grid(writer, _rows(text, _delimiter(text)), 1, _named, has_head=True):
        raise DocumentSkippedError(f"{file.name} has no cell with text: nothing to ingest.")
    return writer.document(CSV)


def _named(place: Place) -> str:
    return f"Row {place.top}" if place.top == place.bottom else f"Rows {place.top}–{place.bottom}"


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # A quotation mark that is never closed would swallow the rest of the file: the field is then
    # longer than csv allows, and the marks are taken for text.
    csv.field_size_limit(_LONGEST_FIELD)
    lines = text.split("\n")
    ended = (f"{line}\n" for line in lines)
    if _closed(lines, delimiter):
        reader = csv.reader(ended, delimiter=delimiter)
    else:
        reader = csv.reader(ended, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    number = 0
    for cells in reader:
        if number == 0 and "".join(cells).lower() in ("sep=", "sep=,", "sep=;", "sep=|"):
            continue
        if any(cell.strip() for cell in cells):
            number += 1
            yield number, [one_line(cell) for cell in cells]


def _closed(lines: list[str], delimiter: str) -> bool:
    """Whether every quotation mark that opens a field is closed."""
    try:
        for _ in csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" not in str(error) and "limit" not in str(error)
    return True


def _delimiter(text: str) -> str:
    """The delimiter that cuts most of the first lines into the same number of cells above one."""
    first = text[:12].lower()
    if first.startswith("sep=") and text[4:5] in _DELIMITERS:
        return text[4]
    lines = list(islice((line for line in text[:200_000].split("\n") if line.strip()), _LOOKED_AT))
    best, score = ",", 0.0
    for delimiter in _DELIMITERS:
        found = _agreement(lines, delimiter)
        if found > score:
            best, score = delimiter, found
    return best


def _agreement(lines: list[str], delimiter: str) -> float:
    try:
        widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return 0.0
    width, rows = max(widths.items(), key=lambda one: (one[1] if one[0] > 1 else 0, one[0]))
    # Times and addresses have colons in every line: those have to agree in all.
    if width < 2 or (delimiter == ":" and rows < len(lines)):
        return 0.0
    return rows / sum(widths.values()) * (1.0 if delimiter != ":" else 0.5)
