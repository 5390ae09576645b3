"""Word, PowerPoint and Excel files of before 2007, by way of LibreOffice (``ingest.legacy``).

A worker process may start no program: what it reads was converted before. The passages are those of
the converted file, the document and its place are the user's own. Web pages and text under such a
name, as many programs export their tables, are read as what they are: they need no LibreOffice, and
of a page it would look up what that links to.
"""

from __future__ import annotations

import codecs
import re
import shutil
from dataclasses import replace
from pathlib import Path

from ingest.load.options import LoadOptions, RawFile
from ingest.load.sniff import LOOKED_AT, has_controls, nameless, type_at, type_of
from rag_app.errors import DocumentUnreadableError
from rag_app.types import LoadedDocument
from rag_app.types.archives import ending
from rag_app.types.media import DOC, HTML, PPT, XLS

NEW_SUFFIX = {
    ".doc": ".docx",
    ".dot": ".docx",
    ".pps": ".pptx",
    ".ppt": ".pptx",
    ".xls": ".xlsx",
}
"""What each is converted to."""
_SUFFIX = {DOC: ".doc", PPT: ".ppt", XLS: ".xls"}
"""For those whose names do not tell."""
PROGRAMS = ("soffice", "libreoffice")
_PIECE_OF_PAGE = re.compile(
    rb"(?i)(?:\xef\xbb\xbf)?\s*<(?:html|head|meta|title|style|body|table|div|center|font|h\d|p)[\s>]"
)
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TABLE = re.compile(r"[^\n\t;,]*[\t;,]")


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:
    """Reads what was made of the file.

    Raises:
        DocumentUnreadableError: Nothing was: LibreOffice is not installed, or the file is within
            another one.
    """
    from ingest.load import load_file

    named = file.path.suffix.lower()
    new = NEW_SUFFIX[named if named in NEW_SUFFIX else _SUFFIX[type_of(file) or ""]]
    if real := real_suffix(file.path, file.data):
        return load_file(RawFile(file.path.with_suffix(real), file.data), options)
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


def old_suffix(path: Path) -> str:
    """The ending of these formats that a file has, or should have; empty if it is of another.

    Its content tells where its name tells nothing.
    """
    from ingest.load import supported_suffixes

    suffix = path.suffix.lower()
    if suffix in NEW_SUFFIX:
        return suffix
    return "" if ending(path) in supported_suffixes() else _SUFFIX.get(type_at(path) or "", "")


def real_suffix(path: Path, start: bytes) -> str:
    """The ending that a file should have, if it is a web page or text; empty otherwise.

    Args:
        path: Its name, one of those of old Office files.
        start: How it begins.
    """
    start = start[:LOOKED_AT]
    if nameless(start) == HTML or _PIECE_OF_PAGE.match(start):
        return ".html"
    text = _text(start)
    if not text or text.lstrip().startswith(("<", "{\\rtf")):  # XML of Office is for LibreOffice
        return ""
    is_table = path.suffix.lower() == ".xls" and _TABLE.match(text.lstrip("\ufeff \r\n"))
    return ".csv" if is_table else ".txt"


def _text(start: bytes) -> str:
    """The characters of the beginning of a text; nothing if it is none."""
    if start.startswith(_WIDE):
        return start.decode("utf-16", "ignore")
    return "" if has_controls(start) else start.decode("utf-8", "ignore")


def _what_to_do(new: str) -> str:
    if program():
        return "One within another file is not converted: take it out of that and ingest it."
    return f"Install LibreOffice, which then converts it, or save it as {new}."
