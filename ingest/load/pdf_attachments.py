"""Files attached to a PDF, each read by the loader of its format, behind the PDF's own pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.load.attachment import MOST_ATTACHMENTS, missing_files
from ingest.load.options import LoadOptions, RawFile
from ingest.load.pdfium import LOCK
from ingest.load.writer import DocumentWriter, one_line
from rag_app.errors import DocumentError, DocumentSkippedError
from rag_app.types import Heading, LoadedDocument, Page
from rag_app.types.media import PRINTED

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_DEEPEST = 2

Attached = tuple[str, bytes | None]
"""The name of a file, and its bytes; None where they cannot be had."""


def attached_files(document: PdfDocument, file: RawFile, options: LoadOptions) -> list[Attached]:
    """The files attached to an open document, up to the limits for one file together."""
    with LOCK:
        found = list(_files(document))
    if any(data is None for _, data in found):
        from ingest.load import pypdf_fallback

        others = pypdf_fallback.attached(file, options)
        found = [(name, others.get(name) if data is None else data) for name, data in found]
    sizes = accumulate(len(data or b"") for _, data in found)
    return [
        (name, data if size <= options.max_bytes else None)
        for (name, data), size in zip(found, sizes, strict=True)
    ]


def with_attachments(
    document: LoadedDocument, files: Sequence[Attached], options: LoadOptions
) -> LoadedDocument:
    """The end of a document with a page that names its attached files, and their pages.

    One that cannot be read is named with the reason, so that nobody takes it for read.
    """
    if not files:
        return document
    list_of_names = DocumentWriter()
    list_of_names.paragraph("Attached files: " + ", ".join(name for name, _ in files))
    pages: list[Page] = []
    headings: list[Heading] = []
    unread: list[str] = []
    warnings: list[str] = []
    before = document.pages[-1].number + 1 if document.pages else 1
    for name, data in files:
        try:
            found = _read(name, data, options)
        except DocumentError as error:
            list_of_names.paragraph(f"[Attachment {name} was not read: {error}]")
            unread += [name] if not isinstance(error, DocumentSkippedError) else []
            continue
        warnings += [f"{name}: {found.warning}"] if found.warning else []
        place = before + len(pages)
        pages += (replace(one, number=place + one.number) for one in found.pages)
        headings += (replace(one, page=place + one.page) for one in found.headings)
    first = replace(list_of_names.document("").pages[0], number=before, keeps_lines=True)
    return replace(
        document,
        pages=(*document.pages, first, *pages),
        headings=(*document.headings, *headings),
        warning=" ".join([*missing_files(unread), *warnings]),
    )


def _files(document: PdfDocument) -> Iterator[Attached]:
    from pypdfium2 import PdfiumError

    for index in range(min(document.count_attachments(), MOST_ATTACHMENTS)):
        name, data = f"file {index + 1}", None
        try:
            one = document.get_attachment(index)
            # The name of a file, not a path: nothing is ever written or read under it.
            name = one_line(one.get_name().replace("\\", "/").rpartition("/")[2]) or name
            data = bytes(one.get_data())
        except (PdfiumError, ValueError):
            pass
        yield name, data


def _read(name: str, data: bytes | None, options: LoadOptions) -> LoadedDocument:
    """The pages of an attached file, from 1, below a heading with its name.

    Raises:
        DocumentError: It cannot be read.
    """
    from ingest.load import load_file

    if data is None:
        raise DocumentError("it is damaged, empty or too large. Save it from a PDF reader.")
    if options.depth >= _DEEPEST:
        raise DocumentError("it is attached to an attached file. Save it from a PDF reader.")
    found = load_file(RawFile(Path(name), data), replace(options, depth=options.depth + 1))
    writer = DocumentWriter()
    writer.heading(1, f"Attachment {name}")
    for page in found.pages:
        writer.place(page, (one for one in found.headings if one.page == page.number))
        writer.end_page()
    document = writer.document(found.media_type)
    keeps = found.media_type not in PRINTED
    pages = tuple(replace(one, keeps_lines=keeps) for one in document.pages)
    return replace(document, pages=pages, warning=found.warning)
