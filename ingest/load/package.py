"""Files that are zip packages (Office, OpenDocument, EPUB), opened within limits.

The directory of a package says how large its members become. Limits are checked before anything
is unpacked, and a member that is larger than it says is cut off and refused: a bomb costs no
memory. Nothing is written to disk, so no member's path matters.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from urllib.parse import unquote

from ingest.load.options import RawFile
from ingest.load.xmltree import Element, XmlError, attribute, children, local, parse_xml
from rag_app.errors import DocumentUnreadableError

MOST_MEMBERS = 20_000
MOST_BYTES = 1_000_000_000
MOST_RATIO = 1_000
"""A member that is larger than ``FREE_BYTES`` may be this many times as large as its packed form.

Sheets of a workbook reach 100; a bomb has more than 1,000.
"""
FREE_BYTES = 10_000_000
MOST_XML_BYTES = 400_000_000
_PROLOG = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_NO_TITLE = re.compile(r"(?i)|untitled|(?:powerpoint )?presentation|(?:word )?document\d*")
_NOT_THERE = (KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError)


def open_package(file: RawFile, kind: str) -> Package:
    """Opens a package.

    Args:
        file: The bytes.
        kind: What it should be, for messages: ``a Word document``.

    Raises:
        DocumentUnreadableError: It is encrypted, an older format, cut off, or unpacks to too much.
    """
    if file.data.startswith(_OLE):
        raise _ole(file, kind)
    try:
        archive = zipfile.ZipFile(io.BytesIO(file.data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise DocumentUnreadableError(
            f"{file.name} is not {kind}, or is cut off. Open it in the program that made it and "
            "save it again."
        ) from error
    _check_size(file, archive)
    return Package(file, archive, kind)


def _ole(file: RawFile, kind: str) -> DocumentUnreadableError:
    if _ENCRYPTED_STREAM in file.data:
        return DocumentUnreadableError(
            f"{file.name} is protected by a password. Save a copy without a password and "
            "ingest that."
        )
    return DocumentUnreadableError(
        f"{file.name} is in an older Office format, not {kind} of today. Open it in an office "
        "program and save it in the current format."
    )


def _check_size(file: RawFile, archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    worst = max(
        (
            member.file_size / max(member.compress_size, 1)
            for member in members
            if member.file_size > FREE_BYTES
        ),
        default=0.0,
    )
    if len(members) > MOST_MEMBERS or total > MOST_BYTES or worst > MOST_RATIO:
        raise DocumentUnreadableError(
            f"{file.name} unpacks to {len(members):,} parts of {total / 1e6:,.0f} MB from "
            f"{len(file.data) / 1e6:.1f} MB, which no real document does. It was not opened."
        )


class Package:
    """An open package; parts are read whole, one at a time."""

    def __init__(self, file: RawFile, archive: zipfile.ZipFile, kind: str) -> None:
        self._file, self._archive, self._kind = file, archive, kind
        self.names = frozenset(archive.namelist())

    def __contains__(self, name: str) -> bool:
        """Whether it has a part."""
        return name in self.names

    def read(self, name: str, limit: int = MOST_XML_BYTES) -> bytes:
        """The bytes of a part.

        Raises:
            DocumentUnreadableError: It is missing, damaged, encrypted or larger than the limit.
        """
        try:
            if self._archive.getinfo(name).flag_bits & 1:
                raise DocumentUnreadableError(
                    f"{self._file.name} is protected by a password. Save a copy without one."
                )
            with self._archive.open(name) as part:
                data = part.read(limit + 1)
        except (*_NOT_THERE, RuntimeError) as error:
            raise self._broken(f"its part {name} cannot be read") from error
        if len(data) > limit:
            raise self._broken(f"its part {name} has more than {limit / 1e6:.0f} MB")
        return data

    def xml(self, name: str) -> Element:
        """The root of an XML part.

        Raises:
            DocumentUnreadableError: The part is missing, damaged, or not sound XML.
        """
        try:
            return parse_xml(self.read(name))
        except XmlError as error:
            raise self._broken(f"its part {name} is not sound XML") from error

    def refuse_declarations(self) -> None:
        """For parts that another library parses: no Office file declares a document type.

        Raises:
            DocumentUnreadableError: A part does.
        """
        for name in sorted(self.names):
            if name.endswith((".xml", ".rels")):
                with self._archive.open(name) as part:
                    if b"<!DOCTYPE" in part.read(_PROLOG).replace(b"\0", b""):
                        raise self._broken(f"its part {name} declares a document type")

    def optional_xml(self, name: str | None) -> Element | None:
        """The root of a part that a document can do without; None where it is missing or broken."""
        if name is None or name not in self.names:
            return None
        try:
            return self.xml(name)
        except DocumentUnreadableError:
            return None

    def relations(self, part: str) -> list[Relation]:
        """What a part of an Office package points to, in order; links to the outside left out."""
        folder, name = posixpath.split(part)
        root = self.optional_xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        return [
            Relation(
                attribute(one, "Id"),
                attribute(one, "Type").rpartition("/")[2],
                self.resolve(folder, attribute(one, "Target")),
            )
            for one in children(root, "Relationship")
            if attribute(one, "TargetMode") != "External"
        ]

    def related(self, part: str, kind: str) -> str | None:
        """The first part of a kind that a part points to."""
        return next((one.target for one in self.relations(part) if one.kind == kind), None)

    def main_part(self) -> str:
        """The part that an Office package begins with.

        Raises:
            DocumentUnreadableError: It has none.
        """
        main = self.related("", "officeDocument")
        if main is None or main not in self.names:
            raise self._broken("its main part is missing")
        return main

    def resolve(self, folder: str, target: str) -> str:
        """A part's name from a reference in another part's folder."""
        target = unquote(target.partition("#")[0])
        if target.startswith("/"):
            return target[1:]
        return posixpath.normpath(posixpath.join(folder, target))

    def core_title(self) -> str | None:
        """The title that an Office document gives itself."""
        root = self.optional_xml("docProps/core.xml")
        for one in root if root is not None else ():
            if local(one) == "title" and one.text and not _NO_TITLE.fullmatch(one.text.strip()):
                return str(one.text)
        return None

    def _broken(self, what: str) -> DocumentUnreadableError:
        return DocumentUnreadableError(
            f"{self._file.name} is not {self._kind} that can be read: {what}. Open it in the "
            "program that made it and save it again."
        )


class Relation:
    """A reference from one part to another: its id, the last word of its type, and the part."""

    __slots__ = ("id", "kind", "target")

    def __init__(self, id_: str, kind: str, target: str) -> None:
        self.id, self.kind, self.target = id_, kind, target
