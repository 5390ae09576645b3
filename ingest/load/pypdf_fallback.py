"""The second try at a PDF that PDFium cannot open: pypdf mends some broken cross references."""

from __future__ import annotations

import logging
import time
import warnings
from typing import TYPE_CHECKING

from ingest.load.options import LoadOptions, RawFile
from ingest.load.pdfium import encrypted
from rag_app.errors import DocumentError, DocumentUnreadableError
from rag_app.types import PDF, LoadedDocument, Page

if TYPE_CHECKING:
    from pypdf import PdfReader

_TIME_LIMIT_S = 60.0


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:
    """Reads what pypdf can read of the file.

    Raises:
        DocumentUnreadableError: It is encrypted, or not even pypdf can read it in a minute.
    """
    # pypdf reports each flaw of a broken file through logging and warnings: not the user's concern.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return LoadedDocument(PDF, _pages(file, options))
    except DocumentError:
        raise
    except Exception as error:
        raise DocumentUnreadableError(
            f"{file.name} is broken or cut off: no PDF can be read from it. "
            "Get a new copy, or export it again."
        ) from error


def attached(file: RawFile, options: LoadOptions) -> dict[str, bytes]:
    """The attached files that pypdf can read, by their names: it finds some that PDFium misses."""
    import io

    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = PdfReader(io.BytesIO(file.data))
            if reader.is_encrypted and not reader.decrypt(options.password or ""):
                return {}
            return {name: found[0] for name, found in reader.attachments.items() if found}
    except Exception:  # noqa: BLE001 - whatever is wrong in it, they are said not to have been read
        return {}


def _pages(file: RawFile, options: LoadOptions) -> tuple[Page, ...]:
    import io

    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    try:
        # A password given to the reader at once makes it refuse files that are not encrypted.
        reader = PdfReader(io.BytesIO(file.data))
        if reader.is_encrypted and not reader.decrypt(options.password or ""):
            raise encrypted(file.name, options.password)
        return _texts(reader, file)
    except DependencyError as error:
        raise DocumentUnreadableError(
            f"{file.name} is damaged, and mending an encrypted file takes the package "
            "cryptography. Install it (pip install cryptography), or get a new copy of the file."
        ) from error


def _texts(reader: PdfReader, file: RawFile) -> tuple[Page, ...]:
    end = time.monotonic() + _TIME_LIMIT_S
    pages = []
    for number, page in enumerate(reader.pages, 1):
        if time.monotonic() > end:
            raise DocumentUnreadableError(
                f"{file.name} is broken, and mending it takes more than {_TIME_LIMIT_S:.0f} s. "
                "Export it again from the program that made it."
            )
        pages.append(Page(number, page.extract_text()))
    return tuple(pages)
