"""What is in an archive, with the digest of each member: the work of a worker process.

Members are unpacked once, through a hash, and held nowhere; only an archive within an archive is
held while its own members are met.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ingest.load import named_format
from ingest.load.archive import DAMAGES, Archive, Entry, open_archive
from ingest.load.members import check_entry, damaged, read_entry
from ingest.load.options import LoadOptions, RawFile
from ingest.load.sniff import LOOKED_AT, OLE, package_type, type_of, unnamed
from rag_app.errors import DocumentError, DocumentSkippedError, DocumentUnreadableError
from rag_app.types.archives import ZIP_SUFFIXES, ending, is_archive

DEEPEST = 2
"""An archive within an archive is opened; one within that is not."""
MOST_BYTES = 4_000_000_000
MOST_RATIO = 200
"""Files of text pack to a fiftieth at best; more is a bomb, above ``FREE_BYTES``."""
FREE_BYTES = 100_000_000
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive.

    Attributes:
        name: Its path within the archive, that of an archive within it included.
        digest: SHA-256 of its bytes; empty for one of an unknown type, and for one with a reason.
        size: In bytes.
        reason: Why it cannot be ingested.
        skipped: Whether that is because there is nothing in it.
    """

    name: str
    digest: str
    size: int = 0
    reason: str = ""
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """What is in an archive.

    Attributes:
        members: Its files.
        reason: Why there may be more that could not be found: it is damaged or cut off.
        is_document: It is a document after all, under an archive's name.
    """

    members: tuple[Member, ...]
    reason: str = ""
    is_document: bool = False


def list_archive(path: Path, options: LoadOptions) -> Listing:
    """Lists an archive.

    Raises:
        DocumentUnreadableError: It is none, or would unpack to too much.
    """
    if is_package(path, path.name):
        return Listing((), is_document=True)
    archive = open_archive(path, path.name)
    lister = _Lister(archive.name, path.stat().st_size, options)
    try:
        lister.look_through(archive, "", 1)
    except _TooMuchError as error:
        raise DocumentUnreadableError(str(error)) from error
    except DAMAGES:
        return Listing(tuple(lister.found), _cut_off(archive.name, len(lister.found)))
    finally:
        archive.close()
    return Listing(tuple(lister.found))


def is_package(source: Path | IO[bytes], name: str) -> bool:
    """Whether what is called a zip archive is an Office file or an e-book."""
    if not name.lower().endswith(ZIP_SUFFIXES):
        return False
    with suppress(*DAMAGES), zipfile.ZipFile(source) as archive:
        return package_type(archive) is not None
    return False


class _TooMuchError(Exception):
    """The archive unpacks to more than any honest one."""


class _Lister:
    def __init__(self, name: str, packed: int, options: LoadOptions) -> None:
        self._name, self._packed, self._options = name, packed, options
        self._unpacked = 0
        self.found: list[Member] = []

    def look_through(self, archive: Archive, above: str, depth: int) -> None:
        """Notes every member of an archive, and of those within it."""
        for entry in archive:
            name = f"{above}{entry.name}"
            if archive.is_stream:  # what is passed over is unpacked as well
                self._count(entry.size)
            try:
                check_entry(archive, entry, self._options)
                self._note(archive, entry, name, depth)
            except DocumentError as error:
                skipped = isinstance(error, DocumentSkippedError)
                self.found.append(Member(name, "", entry.size, str(error), skipped))

    def _note(self, archive: Archive, entry: Entry, name: str, depth: int) -> None:
        is_named = _is_named(entry.name)
        if is_named and not archive.is_stream:
            self._count(entry.size)
        if not is_named or not is_archive(entry.name):
            digest = self._digest(archive, entry) if is_named else self._told(archive, entry)
            self.found.append(Member(name, digest, entry.size))
            return
        data = io.BytesIO(read_entry(archive, entry, self._options))
        if is_package(data, entry.name):
            digest = hashlib.sha256(data.getvalue()).hexdigest()
            self.found.append(Member(name, digest, entry.size))
        elif depth >= DEEPEST:
            raise DocumentUnreadableError(
                f"{name} is an archive in an archive in an archive, which is not opened. Unpack "
                f"{self._name} and ingest the files."
            )
        else:
            self._inner(open_archive(data, entry.name), name, depth)

    def _inner(self, archive: Archive, name: str, depth: int) -> None:
        before = len(self.found)
        try:
            self.look_through(archive, f"{name}/", depth + 1)
        except DAMAGES as error:
            raise DocumentUnreadableError(_cut_off(name, len(self.found) - before)) from error
        finally:
            archive.close()

    def _digest(self, archive: Archive, entry: Entry) -> str:
        digest, size = hashlib.sha256(), 0
        try:
            with archive.open(entry) as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
        except DAMAGES as error:
            raise damaged(archive, entry) from error
        if size == 0:
            raise DocumentSkippedError(f"{entry.name} is empty (0 bytes). Nothing to ingest.")
        return digest.hexdigest()

    def _told(self, archive: Archive, entry: Entry) -> str:
        """The digest of one whose name tells nothing; empty if its first bytes do not either.

        That of any such file is said where it is planned. It is opened once: in a compressed tar,
        whoever opens it a second time unpacks all before it again.
        """
        is_text = not ending(Path(entry.name))
        with suppress(*DAMAGES), archive.open(entry) as file:
            start = file.read(LOOKED_AT)
            if start.startswith(OLE):  # its directory may be anywhere
                start += file.read(self._options.max_bytes)
                told = type_of(RawFile(Path(entry.name), start))
            else:
                told = unnamed(start, text=is_text)
            if told is not None:
                if not archive.is_stream:
                    self._count(entry.size)
                digest = hashlib.sha256(start)
                while piece := file.read(_PIECE):
                    digest.update(piece)
                return digest.hexdigest()
        return ""

    def _count(self, size: int) -> None:
        self._unpacked += size
        much = self._unpacked > FREE_BYTES and self._unpacked > MOST_RATIO * self._packed
        if much or self._unpacked > MOST_BYTES:
            raise _TooMuchError(
                f"{self._name} ({self._packed / 1e6:,.1f} MB) unpacks to more than "
                f"{self._unpacked // 10**6:,} MB, which is too much to be opened. If it is honest, "
                "unpack it and ingest the folder."
            )


def _is_named(name: str) -> bool:
    """Whether a member is of a known type by its name."""
    with suppress(DocumentSkippedError):
        return bool(named_format(Path(name)))
    return False


def _cut_off(name: str, found: int) -> str:
    return (
        f"{name} is damaged or cut off: {found:,} files were found in it, and there may have been "
        "more. Copy it again, or pack it again."
    )
