"""Archives (zip, tar): what is in them and under which name, one entry after the other.

Nothing is unpacked to disk. A name says only how a member is cited; one that leads out of the
archive is refused all the same, for nobody can want it. Entries are met in their order, and a tar
is read forwards, so that a compressed one is unpacked once however many members are read.
"""

from __future__ import annotations

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from ingest.load.member_names import Names, right_encoding
from ingest.load.options import LoadOptions, RawFile
from rag_app.errors import DocumentUnreadableError
from rag_app.types import LoadedDocument
from rag_app.types.archives import ZIP_SUFFIXES

MOST_MEMBERS = 20_000
_BLOCK = 512
_ENCRYPTED = "is protected by a password. Unpack the archive with it and ingest the files."
_LINK = "is a link, not a file. What it leads to is read only where that lies itself."
_SPECIAL = "is a device or pipe, not a file."

DAMAGES = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    IndexError,
)
"""What Python's libraries raise for archives and members that are not sound."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of an archive.

    Attributes:
        name: Where it is in the archive, with slashes; no two have the same.
        size: Bytes that it says it unpacks to.
        fault: Why it is not read; empty if it can be.
        skipped: Whether that is because there is nothing to read in it.
    """

    name: str
    size: int
    fault: str = ""
    skipped: bool = False


class Source(Protocol):
    """The entries of one kind of archive."""

    is_stream: bool

    def entries(self) -> Iterator[tuple[Entry, object]]:
        """Each with what ``open`` wants to see again."""

    def open(self, handle: object) -> IO[bytes]:
        """The bytes of a member."""

    def close(self) -> None:
        """Lets go of the file."""


class Archive:
    """An open archive, whose entries are met once and found again by name.

    Attributes:
        name: The file's name.
        is_stream: Whether what comes before a member has to be unpacked to reach it.
    """

    def __init__(self, source: Source, name: str) -> None:
        self.name, self.is_stream = name, source.is_stream
        self._source = source
        self._rest = source.entries()
        self._known: dict[str, tuple[Entry, object]] = {}

    def __iter__(self) -> Iterator[Entry]:
        """The entries that were not met yet."""
        for entry, handle in self._rest:
            self._known[entry.name] = (entry, handle)
            yield entry

    def find(self, name: str) -> Entry | None:
        """The entry of this name."""
        if name not in self._known:
            next((entry for entry in self if entry.name == name), None)
        found = self._known.get(name)
        return found[0] if found else None

    def open(self, entry: Entry) -> IO[bytes]:
        """The bytes of a member; damage shows when it is read."""
        return self._source.open(self._known[entry.name][1])

    def close(self) -> None:
        """Lets go of the file."""
        with suppress(*DAMAGES):
            self._source.close()


def open_archive(source: Path | IO[bytes], name: str) -> Archive:
    """Opens an archive of the kind that its name tells.

    Raises:
        DocumentUnreadableError: It is none.
    """
    kind = _Zip if name.lower().endswith(ZIP_SUFFIXES) else _Tar
    try:
        return Archive(kind(source), name)
    except DAMAGES as error:
        raise DocumentUnreadableError(
            f"{name} is not an archive of the kind that its name says, or is cut off. Pack it "
            "again, or unpack it and ingest the files."
        ) from error


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Refuses an archive as a document: its members are documents.

    Raises:
        DocumentUnreadableError: Always.
    """
    raise DocumentUnreadableError(
        f"{file.name} is an archive. It is no document itself, and is not opened as a part of "
        "another one: ingest it by itself, or name a file in it."
    )


class _Zip:
    is_stream = False

    def __init__(self, source: Path | IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(source)

    def entries(self) -> Iterator[tuple[Entry, object]]:
        _check_number(len(self._zip.infolist()))
        infos = [info for info in self._zip.infolist() if not info.filename.endswith("/")]
        raw = [b"" if info.flag_bits & 0x800 else _cp437(info.filename) for info in infos]
        encoding = right_encoding(raw, "cp437")
        names = Names()
        for info, old in zip(infos, raw, strict=True):
            name = old.decode(encoding, "replace") if old else info.filename
            found = names.entry(name.replace("\\", "/"))
            if found.hidden:
                continue
            mode = info.external_attr >> 16
            fault, skipped = found.fault, False
            if stat.S_ISLNK(mode):
                fault, skipped = _LINK, True
            elif info.flag_bits & 1:
                fault = fault or _ENCRYPTED
            yield Entry(found.name, info.file_size, fault, skipped), info

    def open(self, handle: object) -> IO[bytes]:
        return self._zip.open(handle)  # type: ignore[arg-type]

    def close(self) -> None:
        self._zip.close()


class _Tar:
    is_stream = True

    def __init__(self, source: Path | IO[bytes]) -> None:
        name, file = (source, None) if isinstance(source, Path) else (None, source)
        self._tar = tarfile.open(name, "r:*", file, errors="surrogateescape")  # noqa: SIM115 - kept

    def entries(self) -> Iterator[tuple[Entry, object]]:
        names = Names()
        for number, info in enumerate(self._tar):
            _check_number(number)
            raw = info.name.encode("utf-8", "surrogateescape")
            found = names.entry(raw.decode(right_encoding([raw], "cp1252"), "replace"))
            if info.isdir() or found.hidden:
                continue
            fault, skipped = found.fault, False
            if not info.isreg():
                fault, skipped = _LINK if info.issym() or info.islnk() else _SPECIAL, True
            yield Entry(found.name, info.size, fault, skipped), info
        self._check_end()

    def open(self, handle: object) -> IO[bytes]:
        found = self._tar.extractfile(handle)  # type: ignore[arg-type]
        if found is None:
            raise tarfile.ReadError("not a file")
        return found

    def close(self) -> None:
        self._tar.close()

    def _check_end(self) -> None:
        """A tar that is cut off or damaged ends for Python like any other: without a word."""
        file = self._tar.fileobj
        file.seek(self._tar.offset)
        if file.read(_BLOCK).strip(b"\0"):
            raise tarfile.ReadError("what follows is no member")


def _check_number(members: int) -> None:
    if members > MOST_MEMBERS:
        raise DocumentUnreadableError(
            f"It holds more than {MOST_MEMBERS:,} files. Unpack it and ingest the folder."
        )


def _cp437(name: str) -> bytes:
    """The bytes of a zip member's name, which Python took for the oldest encoding."""
    try:
        return name.encode("cp437")
    except UnicodeEncodeError:
        return b""
