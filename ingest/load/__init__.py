"""Loaders: one file for each format, one row for each in ``FORMATS``.

A loader is a function ``load(file: RawFile, options: LoadOptions) -> LoadedDocument``. To add a
format, write one module with such a function and add its row; the module is imported when the
first file of its format is met.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from ingest.load.options import LoadOptions, RawFile
from ingest.load.read import digest_file, explain, read_file
from rag_app.errors import DocumentSkippedError
from rag_app.types import MARKDOWN, PDF, TEXT, LoadedDocument

__all__ = [
    "FORMATS",
    "Format",
    "LoadOptions",
    "RawFile",
    "digest_file",
    "explain",
    "format_of",
    "load_document",
    "load_file",
    "read_file",
    "supported_suffixes",
]

Loader = Callable[[RawFile, LoadOptions], LoadedDocument]


@dataclass(frozen=True, slots=True)
class Format:
    """A row of the table.

    Attributes:
        media_type: What the documents of this format are recorded as.
        suffixes: File name endings in lower case, with the dot.
        module: Where the function ``load`` is.
    """

    media_type: str
    suffixes: tuple[str, ...]
    module: str

    def loader(self) -> Loader:
        """The function, imported now."""
        return cast("Loader", import_module(self.module).load)


FORMATS = (
    Format(PDF, (".pdf",), "ingest.load.pdf"),
    Format(MARKDOWN, (".md", ".markdown", ".mdown", ".mkd"), "ingest.load.markdown"),
    Format(TEXT, (".txt", ".text", ".log"), "ingest.load.text"),
)


def supported_suffixes() -> tuple[str, ...]:
    """Every file name ending that can be ingested."""
    return tuple(suffix for row in FORMATS for suffix in row.suffixes)


def format_of(path: Path) -> Format:
    """The format that a file's name tells.

    Raises:
        DocumentSkippedError: No loader knows this ending.
    """
    suffix = path.suffix.lower()
    for row in FORMATS:
        if suffix in row.suffixes:
            return row
    kind = f"files of type '{suffix}'" if suffix else "files without a type in their name"
    raise DocumentSkippedError(
        f"{path.name} was left out: {kind} cannot be ingested. "
        f"Known types: {', '.join(supported_suffixes())}."
    )


def load_file(file: RawFile, options: LoadOptions) -> LoadedDocument:
    """Parses bytes that were read before.

    Raises:
        DocumentError: Its two kinds say whether there is nothing to ingest or something is broken.
    """
    return format_of(file.path).loader()(file, options)


def load_document(path: Path, options: LoadOptions | None = None) -> LoadedDocument:
    """Reads and parses one file.

    Raises:
        DocumentError: Its two kinds say whether there is nothing to ingest or something is broken.
    """
    options = options or LoadOptions()
    format_of(path)
    return load_file(read_file(path, options), options)
