"""Loaders: one file for each format, one row for each in ``FORMATS``.

A loader is a function ``load(file: RawFile, options: LoadOptions) -> LoadedDocument``. To add a
format, write one module with such a function and add its row; the module is imported when the
first file of its format is met. Where documents are long and reading them takes long, as with PDF,
the module may have ``load_blocks`` instead, which gives the same document block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import cast

from ingest.load.options import LoadOptions, RawFile
from ingest.load.read import digest_file, explain, read_file
from ingest.load.sniff import CONTAINERS, told_by_content, type_at, type_of
from rag_app.errors import DocumentError, DocumentSkippedError, DocumentUnreadableError
from rag_app.types import LoadedDocument, media
from rag_app.types.archives import TAR_SUFFIXES, ZIP_SUFFIXES, ending

__all__ = [
    "CONTAINERS",
    "FORMATS",
    "LEFT_OUT",
    "Format",
    "LoadOptions",
    "RawFile",
    "digest_file",
    "explain",
    "format_of",
    "is_plain",
    "joined",
    "listed_suffixes",
    "load_blocks",
    "load_document",
    "load_file",
    "named_format",
    "read_file",
    "supported_suffixes",
    "told_by_content",
    "told_format",
    "type_at",
    "type_of",
]

Loader = Callable[[RawFile, LoadOptions], Iterator[LoadedDocument]]
"""Gives a document whole, or block by block."""


@dataclass(frozen=True, slots=True)
class Format:
    """A row of the table.

    Attributes:
        media_type: What the documents of this format are recorded as.
        suffixes: File name endings in lower case, with the dot.
        module: Where the function ``load``, or ``load_blocks``, is.
        plain: Whether it is lines of text, which our own few lines read in time and memory in
            proportion to the size: a small file needs no process of its own.
    """

    media_type: str
    suffixes: tuple[str, ...]
    module: str
    plain: bool = False

    def loader(self) -> Loader:
        """The function, imported now; a document that is loaded whole is one block."""
        module = import_module(self.module)
        if hasattr(module, "load_blocks"):
            return cast("Loader", module.load_blocks)
        return lambda file, options: iter((module.load(file, options),))


_SOURCE_CODE = (
    "py pyi js mjs jsx ts tsx java kt scala c h cc cpp hpp cs go rs rb php swift pl lua jl r sh "
    "bash sql yaml yml toml ini cfg"
)

FORMATS: tuple[Format, ...] = (
    Format(media.PDF, (".pdf",), "ingest.load.pdf"),
    Format(
        media.MARKDOWN, (".md", ".markdown", ".mdown", ".mkd"), "ingest.load.markdown", plain=True
    ),
    Format(media.TEXT, (".txt", ".text", ".log"), "ingest.load.text", plain=True),
    Format(media.DOCX, (".docx", ".docm", ".dotx"), "ingest.load.docx"),
    Format(media.PPTX, (".pptx", ".pptm", ".ppsx"), "ingest.load.pptx"),
    Format(media.XLSX, (".xlsx", ".xlsm"), "ingest.load.xlsx"),
    Format(media.DOC, (".doc", ".dot"), "ingest.load.old_office"),
    Format(media.PPT, (".ppt", ".pps"), "ingest.load.old_office"),
    Format(media.XLS, (".xls",), "ingest.load.old_office"),
    Format(media.CSV, (".csv", ".tsv", ".tab"), "ingest.load.delimited"),
    Format(media.HTML, (".html", ".htm", ".xhtml"), "ingest.load.webpage"),
    Format(media.EPUB, (".epub",), "ingest.load.epub"),
    Format(media.EMAIL, (".eml",), "ingest.load.mail"),
    Format(media.MSG, (".msg",), "ingest.load.outlook"),
    Format(media.ODT, (".odt",), "ingest.load.opendocument"),
    Format(media.ODS, (".ods",), "ingest.load.opendocument"),
    Format(media.ODP, (".odp",), "ingest.load.opendocument"),
    Format(media.RTF, (".rtf",), "ingest.load.rich_text"),
    Format(media.NOTEBOOK, (".ipynb",), "ingest.load.notebook"),
    Format(media.JSON, (".json", ".jsonl", ".ndjson"), "ingest.load.json_data"),
    Format(media.XML, (".xml", ".rss", ".atom"), "ingest.load.xml_data"),
    Format(media.RST, (".rst", ".rest"), "ingest.load.lightweight", plain=True),
    Format(media.ASCIIDOC, (".adoc", ".asciidoc"), "ingest.load.lightweight", plain=True),
    Format(
        media.SOURCE_CODE,
        tuple(f".{ending}" for ending in _SOURCE_CODE.split()),
        "ingest.load.source_code",
        plain=True,
    ),
    Format(media.PNG, (".png",), "ingest.load.images"),
    Format(media.JPEG, (".jpg", ".jpeg"), "ingest.load.images"),
    Format(media.TIFF, (".tif", ".tiff"), "ingest.load.images"),
    Format(media.BMP, (".bmp",), "ingest.load.images"),
    Format(media.WEBP, (".webp",), "ingest.load.images"),
    Format(media.ZIP, ZIP_SUFFIXES, "ingest.load.archive"),
    Format(media.TAR, TAR_SUFFIXES, "ingest.load.archive"),
)


LEFT_OUT = " was left out: files "
"""In the reason of a file that is of no known type."""


def supported_suffixes() -> tuple[str, ...]:
    """Every file name ending that can be ingested."""
    return tuple(suffix for row in FORMATS for suffix in row.suffixes)


def listed_suffixes() -> str:
    """The same for people: those of source code, which are many, in two words."""
    rows = (row for row in FORMATS if row.media_type != media.SOURCE_CODE)
    return f"{', '.join(suffix for row in rows for suffix in row.suffixes)} and source code"


def named_format(path: Path) -> Format:
    """The format that a name tells.

    Raises:
        DocumentSkippedError: No loader knows this ending.
    """
    suffix = ending(path)
    for row in FORMATS:
        if suffix in row.suffixes:
            return row
    kind = f"of type '{suffix}'" if suffix else "without a type in their name"
    raise DocumentSkippedError(
        f"{path.name}{LEFT_OUT}{kind} cannot be ingested, unless their first bytes tell what they "
        f"are. Known types: {listed_suffixes()}."
    )


def format_of(path: Path) -> Format:
    """The format that a file's name tells, or its first bytes where the name tells nothing.

    Of an Office file or e-book without its ending, the bytes tell the family only; it is read as
    what it is.

    Raises:
        DocumentSkippedError: Neither does.
    """
    try:
        return named_format(path)
    except DocumentSkippedError:
        if (told := type_at(path)) is None:
            raise
        return _row(told)


def told_format(file: RawFile) -> Format:
    """The same of bytes that were read before, an Office file or e-book told by all of them.

    Raises:
        DocumentSkippedError: Neither tells it.
    """
    try:
        return named_format(file.path)
    except DocumentSkippedError:
        if (told := type_of(file)) is None:
            raise
        return _row(told)


def _row(media_type: str) -> Format:
    return next(row for row in FORMATS if row.media_type == media_type)


def is_plain(path: Path, size: int) -> bool:
    """Whether a file is plain text, by its name and its first bytes, of at most ``size`` bytes."""
    try:
        if not format_of(path).plain or not path.is_file() or path.stat().st_size > size:
            return False
        with path.open("rb") as file:
            return not file.read(8).startswith(CONTAINERS)
    except (DocumentError, OSError):
        return False


def load_blocks(file: RawFile, options: LoadOptions) -> Iterator[LoadedDocument]:
    """Parses bytes that were read before, as what they are where that is plain to see.

    Yields:
        The document, or consecutive pages of it, with all headings up to the last of them, whose
        levels later pages may change; a warning comes with the last.

    Raises:
        DocumentError: Its two kinds say whether there is nothing to ingest or something is broken.
    """
    named = told_format(file)
    told = told_by_content(file, named.media_type)
    row = next((row for row in FORMATS if row.media_type == told), named)
    try:
        yield from row.loader()(file, options)
    except RecursionError as error:
        raise DocumentUnreadableError(
            f"{file.name} is nested too deeply to be read. Export it again from the program that "
            "made it."
        ) from error


def load_file(file: RawFile, options: LoadOptions) -> LoadedDocument:
    """The same as one document.

    Raises:
        DocumentError: Its two kinds say whether there is nothing to ingest or something is broken.
    """
    return joined(list(load_blocks(file, options)))


def joined(blocks: Sequence[LoadedDocument]) -> LoadedDocument:
    """A document from all its blocks."""
    if len(blocks) == 1:
        return blocks[0]
    return replace(blocks[-1], pages=tuple(page for block in blocks for page in block.pages))


def load_document(path: Path, options: LoadOptions | None = None) -> LoadedDocument:
    """Reads and parses one file.

    Raises:
        DocumentError: Its two kinds say whether there is nothing to ingest or something is broken.
    """
    options = options or LoadOptions()
    format_of(path)
    return load_file(read_file(path, options), options)
