"""Word, PowerPoint and Excel files of before 2007, by way of LibreOffice (``ingest.legacy``).

A worker process may start no program: it has the file converted by the one that started it. The
passages are those of the converted file, the document and its place are the user's own. Web pages
and text under such a name, as many programs export their tables, are read as what they are: they
need no LibreOffice, and of a page it would look up what that links to.
"""

from __future__ import annotations

import codecs
import re
import shutil
from pathlib import Path

from ingest.load.options import LoadOptions, RawFile
from ingest.load.sniff import LOOKED_AT, OLE, has_controls, nameless, told_by_content, type_of
from rag_app.errors import DocumentUnreadableError
from rag_app.types import LoadedDocument
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
"""For those whose names do not tell it."""
_TYPE = {NEW_SUFFIX[suffix]: media_type for media_type, suffix in _SUFFIX.items()}
PROGRAMS = ("soffice", "libreoffice")
_PIECE_OF_PAGE = re.compile(
    rb"(?i)(?:\xef\xbb\xbf)?\s*<(?:html|head|meta|title|style|body|table|div|center|font|h\d|p)[\s>]"
)
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OLDER = (
    *(b"\xdb\xa5", b"\x31\xbe\0\0", b"\x32\xbe\0\0", b"\xffWPC"),
    *(b"\x09" + version for version in (b"\0\4\0", b"\2\6\0", b"\4\6\0", b"\x08\x08\0")),
)
"""Word for Windows 2, for DOS, WordPerfect; Excel 2 to 5, whose files were no containers yet."""
_TABLE = re.compile(r"[^\n\t;,]*[\t;,]")


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:
    """Reads what is made of the file.

    Raises:
        DocumentUnreadableError: Nothing is: it is no such file, LibreOffice is not installed or
            makes nothing of it, or nobody is there to start it.
    """
    from ingest.load import load_file

    suffix = _suffix(file)
    new = NEW_SUFFIX[suffix]
    if real := real_suffix(file.path, file.data):
        return load_file(RawFile(file.path.with_suffix(real), file.data), options)
    if not _is_old_office(file.data[:LOOKED_AT]):
        raise DocumentUnreadableError(
            f"{file.name} is no Office file, whatever its name says, or is damaged. Open it in the "
            f"program that made it and save it as {new}."
        )
    if options.convert is None:
        raise DocumentUnreadableError(
            f"{file.name} is an old Office file, which is not converted here. Save it as {new}."
        )
    converted = options.convert(file.name, suffix, file.data)
    return load_file(RawFile(file.path.with_suffix(new), converted), options)


def _suffix(file: RawFile) -> str:
    """The ending of what it is, which its name need not tell."""
    named = file.path.suffix.lower()
    if named not in NEW_SUFFIX:
        return _SUFFIX[type_of(file) or ""]
    by_name = _TYPE[NEW_SUFFIX[named]]
    told = told_by_content(file, by_name)
    return named if told == by_name else _SUFFIX[told]


def program() -> str | None:
    """Where LibreOffice is installed, if it is."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


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


def _is_old_office(start: bytes) -> bool:
    """Whether it begins as any file that Office wrote before 2007, or as XML.

    Of any other bytes LibreOffice makes pages of nonsense.
    """
    return start.startswith((OLE, *_OLDER)) or _text(start).lstrip("\ufeff \r\n\t").startswith("<")


def _text(start: bytes) -> str:
    """The characters of the beginning of a text; nothing if it is none."""
    if start.startswith(_WIDE):
        return start.decode("utf-16", "ignore")
    return "" if has_controls(start) else start.decode("utf-8", "ignore")
