"""Word, PowerPoint and Excel files of before 2007, by way of LibreOffice (``ingest.legacy``).

A worker process may start no program: what it reads was converted before. The passages are those of
the converted file, the document and its place are the user's own. Web pages under such a name, as
many programs export them, are read as what they are: LibreOffice would look up what they link to.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from ingest.load.options import LoadOptions, RawFile
from ingest.load.sniff import nameless
from rag_app.errors import DocumentUnreadableError
from rag_app.types import LoadedDocument
from rag_app.types.media import HTML

NEW_SUFFIX = {
    ".doc": ".docx",
    ".dot": ".docx",
    ".pps": ".pptx",
    ".ppt": ".pptx",
    ".xls": ".xlsx",
}
"""What each is converted to."""
PROGRAMS = ("soffice", "libreoffice")
LOOKED_AT = 2000
"""Bytes that tell a web page."""


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:
    """Reads what was made of the file.

    Raises:
        DocumentUnreadableError: Nothing was: LibreOffice is not installed, or the file is within
            another one.
    """
    from ingest.load import load_file

    new = NEW_SUFFIX[file.path.suffix.lower()]
    if is_page(file.data):
        return load_file(RawFile(file.path.with_suffix(".html"), file.data), options)
    if options.stand_in is None:
        raise DocumentUnreadableError(f"{file.name} is an old Office file. {_what_to_do(new)}")
    try:
        data = options.stand_in.read_bytes()
    except OSError as error:
        raise DocumentUnreadableError(
            f"What was made of {file.name} is gone ({error.strerror}). Ingest it again."
        ) from error
    converted = RawFile(file.path.with_suffix(new), data)
    return load_file(converted, replace(options, stand_in=None))


def program() -> str | None:
    """Where LibreOffice is installed, if it is."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def is_old(path: Path) -> bool:
    """Whether a file is of these formats, by its name."""
    return path.suffix.lower() in NEW_SUFFIX


def is_page(start: bytes) -> bool:
    """Whether a file is a web page, by its first bytes."""
    return nameless(start[:LOOKED_AT]) == HTML


def _what_to_do(new: str) -> str:
    if program():
        return "One within another file is not converted: take it out of that and ingest it."
    return f"Install LibreOffice, which then converts it, or save it as {new}."
