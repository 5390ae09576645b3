"""Files attached to messages, each read by the loader of its format."""

from __future__ import annotations

from pathlib import Path

from ingest.load.options import LoadOptions, RawFile
from ingest.load.writer import DocumentWriter
from rag_app.errors import DocumentError

MOST_ATTACHMENTS = 200
DEEPEST = 4
"""Messages within messages are followed so far."""


def write_attachment(
    writer: DocumentWriter, name: str, data: bytes, depth: int, options: LoadOptions
) -> None:
    """Adds the pages of an attached file below a heading with its name.

    One that cannot be read is named with the reason, so that nobody takes it for read.
    """
    from ingest.load import load_file

    try:
        document = load_file(RawFile(Path(name), data), options)
    except DocumentError as error:
        writer.paragraph(f"[Attachment {name} was not read: {error}]")
        return
    for page in document.pages:
        writer.end_page()
        writer.heading(depth, f"Attachment {name}")
        writer.place(page, (one for one in document.headings if one.page == page.number))
