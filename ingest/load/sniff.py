"""What a file is by its first bytes, where these leave no doubt and its name says otherwise."""

from __future__ import annotations

import io
import zipfile

from ingest.load.options import RawFile
from rag_app.errors import DocumentUnreadableError
from rag_app.types import media

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
_BY_TYPE = (media.EPUB, media.ODT, media.ODS, media.ODP)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
IN_OLE = frozenset({media.DOC, media.PPT, media.XLS, media.MSG})
"""What has ``OLE`` for its first bytes."""
_PACKAGES = frozenset({*_MAIN_PARTS.values(), *_BY_TYPE, *IN_OLE, media.ZIP})


CONTAINERS = (*(start for start, _ in _STARTS), _ZIP, OLE)
"""What files begin with that are no text, whatever their names say."""


def told_by_content(file: RawFile, named: str) -> str:
    """The media type that the content tells, or the one that the name tells.

    Args:
        file: The bytes.
        named: The media type by the file's name.

    Raises:
        DocumentUnreadableError: It is an archive or an old Office file under another name.
    """
    for start, media_type in _STARTS:
        if file.data.startswith(start):
            return media_type
    if file.data.startswith(_ZIP):
        return _of_package(file.data) or _or_refuse(
            file, named, "a zip archive", "Unpack it and ingest the files in it."
        )
    if file.data.startswith(OLE):
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
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return media.WEBP
    beginning = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if beginning.startswith(b"<!doctype html") or b"<html" in beginning:
        return media.HTML
    return media.XML if beginning.startswith(b"<?xml") else None


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
