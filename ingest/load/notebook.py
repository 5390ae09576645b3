"""Jupyter notebooks: the cells in their order, with what they printed.

The format is JSON with a few known fields, which need no library of its own.
"""

from __future__ import annotations

import json
from typing import Any

from ingest.load import markdown
from ingest.load.options import LoadOptions, RawFile
from ingest.load.text import decode
from ingest.load.writer import DocumentWriter
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import LoadedDocument, Page
from rag_app.types.media import NOTEBOOK

_LONGEST_OUTPUT = 4000


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads a notebook as one page; headings are those of its Markdown cells.

    Raises:
        DocumentSkippedError: No cell has text.
        DocumentUnreadableError: It is no notebook.
    """
    try:
        notebook = json.loads(decode(file))
        cells = notebook.get("cells")
        if cells is None:  # format 3
            cells = [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DocumentUnreadableError(
            f"{file.name} is not a Jupyter notebook, or is cut off. Save it again in Jupyter."
        ) from error
    writer = DocumentWriter()
    for cell in cells if isinstance(cells, list) else ():
        if isinstance(cell, dict):
            _write(writer, cell)
    document = writer.document(NOTEBOOK)
    if not document.pages[0].text.strip():
        raise DocumentSkippedError(f"{file.name} has no cell with text: nothing to ingest.")
    first = document.headings[0] if document.headings else None
    title = first.title if first and first.level == 1 else None
    return LoadedDocument(NOTEBOOK, document.pages, title, document.headings)


def _write(writer: DocumentWriter, cell: dict[str, Any]) -> None:
    source = joined(cell.get("source", cell.get("input")))
    if cell.get("cell_type") == "markdown":
        writer.place(Page(1, source.strip()), markdown.headings(source.strip()), deeper=0)
        return
    writer.paragraph(source)
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if isinstance(output, dict):
            writer.paragraph(_printed(output)[:_LONGEST_OUTPUT])


def _printed(output: dict[str, Any]) -> str:
    """What a cell printed or gave as text; errors with their last line only."""
    if output.get("output_type") in ("error", "pyerr"):
        return f"{output.get('ename', 'Error')}: {output.get('evalue', '')}"
    data = output.get("data")
    return joined(output.get("text") or (data.get("text/plain") if isinstance(data, dict) else ""))


def joined(text: object) -> str:
    """Text that a notebook holds whole or as a list of lines."""
    if isinstance(text, list):
        return "".join(str(line) for line in text)
    return text if isinstance(text, str) else ""
