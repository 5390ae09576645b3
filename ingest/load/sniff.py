"""What a file is by its first bytes, where these leave no doubt and its name says otherwise."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from ingest.load.options import RawFile
from ingest.load.read import first_bytes
from rag_app.errors import DocumentUnreadableError
from rag_app.types import media
from rag_app.types.archives import ending

_ZIP = b"PK\x03\x04"
_STARTS = ((b"%PDF-", media.PDF), (b"{\\rtf", media.RTF))
_MAIN_PARTS = {
    "word/document.xml": media.DOCX,
    "ppt/presentation.xml": media.PPTX,
    "xl/workbook.xml": media.XLSX,
}
_IMAGES = (
    (b"\x89PNG", media.PNG),
    (b"\xff\xd8\xff", media.JPEG),
    (b"II*\0", media.TIFF),
    (b"MM\0*", media.TIFF),
)
_BITMAP_HEADS = (12, 40, 52, 56, 108, 124)
LOOKED_AT = 2000
"""Bytes of a file's beginning that tell what it is."""
_FIRST_PARTS = re.compile(
    rb"mimetype|\[Content_Types\]\.xml|(?:_rels|docProps|word|ppt|xl|customXml)/"
)
"""How the first part of an Office file or e-book is called, behind a zip archive's head."""
_HEAD_OF_ZIP = 30
_UNHEARD_OF = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MARKUP = re.compile(rb"(?i)(?:\xef\xbb\xbf)?\s*<(?:[!?]|html)")
_DRAWING = re.compile(rb"(?is)(?:\xef\xbb\xbf)?\s*(?:<[!?].*)?<(?:\w+:)?svg[\s>]")
_MAIL_HEAD = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+")
_ON_THE_WAY = re.compile(rb"(?i)(?:return-path|received|delivered-to):")
_SENDER = re.compile(rb"(?im)^from:.*@")
_SENT = re.compile(rb"(?im)^(?:date|message-id):")
_BY_TYPE = (media.EPUB, media.ODT, media.ODS, media.ODP)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
IN_OLE = frozenset({media.DOC, media.PPT, media.XLS, media.MSG})
"""What has ``OLE`` for its first bytes."""
_IN_DIRECTORY = {
    "WordDocument": media.DOC,
    "Workbook": media.XLS,
    "Book": media.XLS,
    "PowerPoint Document": media.PPT,
    "__properties_version1.0": media.MSG,
}
"""Streams that tell what a file with ``OLE`` is."""
_ENTRY, _ENTRIES = 128, 64
"""Bytes of an entry of its directory, and how many of them are looked at."""
_PACKAGES = frozenset({*_MAIN_PARTS.values(), *_BY_TYPE, *IN_OLE, media.ZIP})


CONTAINERS = (*(start for start, _ in (*_STARTS, *_IMAGES)), _ZIP, OLE)
"""What files begin with that are no text, whatever their names say."""


def told_by_content(file: RawFile, named: str) -> str:
    """The media type that the content tells, or the one that the name tells.

    Args:
        file: The bytes.
        named: The media type by the file's name.

    Raises:
        DocumentUnreadableError: It is an archive or an old Office file under another name.
    """
    for start, media_type in (*_STARTS, *_IMAGES):
        if file.data.startswith(start):
            return named if {named, media_type} <= media.IMAGES else media_type
    if file.data.startswith(_ZIP):
        return _of_package(file.data) or _or_refuse(
            file, named, "a zip archive", "Unpack it and ingest the files in it."
        )
    if file.data.startswith(OLE):
        told = _types_in_ole(file.data, lambda at, number: file.data[at : at + number])
        if told:
            return named if named in told else told[0]
        return _or_refuse(
            file,
            named,
            "an Office file in an old or protected form",
            "Save it in the current format and without a password.",
        )
    return named


def nameless(data: bytes) -> str | None:
    """The media type of bytes whose name tells nothing; None where they do not tell either.

    Old Office files and Outlook's messages begin alike (``OLE``): these are for the name to tell.
    """
    for start, media_type in (*_STARTS, *_IMAGES):
        if data.startswith(start):
            return media_type
    if data.startswith(_ZIP):
        return _of_package(data) or media.ZIP
    if (picture := _picture(data)) is not None:
        return picture
    beginning = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if beginning.startswith(b"<!doctype html") or b"<html" in beginning:
        return media.HTML
    return media.XML if beginning.startswith(b"<?xml") else None


def type_at(path: Path) -> str | None:
    """The media type of a file whose name tells nothing, by its first bytes; see ``unnamed``."""
    start = first_bytes(path, LOOKED_AT)
    if start.startswith(OLE):
        return ole_type(start, lambda at, number: first_bytes(path, number, at))
    return unnamed(start, text=not ending(path))


def type_of(file: RawFile) -> str | None:
    """The same of bytes that were read before, an Office file or e-book told by all of them."""
    if file.data.startswith(OLE):
        return ole_type(file.data, lambda at, number: file.data[at : at + number])
    told = unnamed(file.data[:LOOKED_AT], text=not ending(file.path))
    if told == media.DOCX and (told := nameless(file.data)) == media.ZIP:
        return None
    return told


def ole_type(start: bytes, read: Callable[[int, int], bytes]) -> str | None:
    """What a file with ``OLE`` is, by the names in the first part of its directory ([MS-CFB]).

    The first of them counts: what is embedded in a document comes after its own.

    Args:
        start: How it begins.
        read: From an offset so many bytes.
    """
    return next(iter(_types_in_ole(start, read)), None)


def _types_in_ole(start: bytes, read: Callable[[int, int], bytes]) -> tuple[str, ...]:
    """What a file with ``OLE`` may be; with documents in it, of several types."""
    shift = int.from_bytes(start[30:32], "little")
    if shift not in {9, 12}:  # sectors of 512 or 4096 bytes, of which the head takes one
        return ()
    directory = read(int.from_bytes(start[48:52], "little") + 1 << shift, _ENTRY * _ENTRIES)
    found: dict[str, None] = {}
    for at in range(0, len(directory), _ENTRY):
        length = int.from_bytes(directory[at + 64 : at + 66], "little")
        name = directory[at : at + min(max(length - 2, 0), 64)].decode("utf-16-le", "replace")
        if name in _IN_DIRECTORY:
            found[_IN_DIRECTORY[name]] = None
    return tuple(found)


def unnamed(start: bytes, *, text: bool) -> str | None:
    """The media type of a file whose name tells nothing, by its first bytes alone.

    Nothing is unpacked for it. Of an Office file or e-book, which ``nameless`` tells apart, these
    bytes say only that it may be one.

    Args:
        start: The first ``LOOKED_AT`` bytes, or fewer.
        text: Whether plain text is taken as well.
    """
    if start.startswith(_ZIP):
        return media.DOCX if _FIRST_PARTS.match(start, _HEAD_OF_ZIP) else None
    if _is_message(start):
        return media.EMAIL
    told = nameless(start)
    if told in (media.HTML, media.XML) and not _MARKUP.match(start):
        told = None
    if told in (media.XML, None) and _DRAWING.match(start):
        return None
    return told or (media.TEXT if text and is_text(start) else None)


def is_text(start: bytes) -> bool:
    """Whether the beginning of a file is UTF-8 without characters that no text has."""
    try:
        # A character that the end of the sample cuts is none that is wrong.
        found = codecs.getincrementaldecoder("utf-8")().decode(start, len(start) < LOOKED_AT)
    except UnicodeDecodeError:
        return False
    return bool(found.strip()) and not has_controls(start)


def has_controls(start: bytes) -> bool:
    """Whether there are characters in it that no text of one byte a character has."""
    return _UNHEARD_OF.search(start) is not None


def _is_message(start: bytes) -> bool:
    """Whether it begins as a message does that a mail program has stored."""
    head = _MAIL_HEAD.match(start.replace(b"\r\n", b"\n"))
    if head is None:
        return False
    if _ON_THE_WAY.match(head.group()):
        return True
    return bool(_SENDER.search(head.group()) and _SENT.search(head.group()))


def _picture(data: bytes) -> str | None:
    """Those whose signature is not all in one place."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return media.WEBP
    if data[:2] == b"BM" and data[6:10] == bytes(4):
        return media.BMP if int.from_bytes(data[14:18], "little") in _BITMAP_HEADS else None
    return None


def _or_refuse(file: RawFile, named: str, what: str, help_: str) -> str:
    if named in _PACKAGES:  # its loader says more
        return named
    raise DocumentUnreadableError(f"{file.name} is {what}, not what its name says. {help_}")


def _of_package(data: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return package_type(archive)
    except Exception:  # noqa: BLE001 - a damaged archive; the loader says so
        return None


def package_type(archive: zipfile.ZipFile) -> str | None:
    """The media type of an Office file or e-book; None for a zip archive that is none."""
    names = set(archive.namelist())
    for part, media_type in _MAIN_PARTS.items():
        if part in names:
            return media_type
    if "mimetype" not in names:
        return None
    with archive.open("mimetype") as part_file:
        declared = part_file.read(200).decode("ascii", "replace").strip()
    return next((one for one in _BY_TYPE if declared == one), None)
