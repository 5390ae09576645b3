"""One member of an archive by its path, as if the archive were a folder.

Each thread keeps the archive open that it read from last: members are asked for one after the
other, and a compressed tar is unpacked once in all instead of once for each.
"""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

from ingest.load.archive import DAMAGES, Archive, Entry, open_archive
from ingest.load.options import LoadOptions
from rag_app.errors import DocumentError, DocumentSkippedError, DocumentUnreadableError
from rag_app.types.archives import is_archive

_Identity = tuple[str, int, int, int]


def outer_archive(path: Path) -> Path | None:
    """The archive on disk that a path leads into; None for a path to something else."""
    if not any(is_archive(part) for part in path.parts[:-1]):
        return None
    # Path.is_file raises where a folder is not readable; that file is then said to be missing.
    found = (one for one in path.parents if is_archive(one.name) and os.path.isfile(one))  # noqa: PTH113
    return next(found, None)


def leads_to_file(path: str | Path) -> bool:
    """Whether something is there, or the archive that it would be in."""
    return os.path.lexists(path) or outer_archive(Path(path)) is not None


def read_member(path: Path, options: LoadOptions) -> bytes:
    """The bytes of a file in an archive.

    Raises:
        DocumentSkippedError: It is a link, or empty.
        DocumentUnreadableError: It is not there (any more), too large, encrypted or damaged.
    """
    outer = outer_archive(path)
    if outer is None:
        raise DocumentUnreadableError(f"There is no file {path}. Check the path.")
    try:
        data = _READER.read(outer, path.relative_to(outer).parts, options)
    except BaseException:  # a stream that broke off in its middle is of no more use
        _READER.close()
        raise
    if not data:
        raise DocumentSkippedError(f"{path.name} is empty (0 bytes). There is nothing to ingest.")
    return data


def read_entry(archive: Archive, entry: Entry, options: LoadOptions) -> bytes:
    """The bytes of a member.

    Raises:
        DocumentSkippedError: It is a link.
        DocumentUnreadableError: It is too large, encrypted or damaged.
    """
    check_entry(archive, entry, options)
    try:
        with archive.open(entry) as file:
            return file.read(options.max_bytes)
    except DAMAGES as error:
        raise damaged(archive, entry) from error


def check_entry(archive: Archive, entry: Entry, options: LoadOptions) -> None:
    """Refuses a member that is not to be read.

    Raises:
        DocumentError: Why not.
    """
    if entry.fault:
        kind = DocumentSkippedError if entry.skipped else DocumentUnreadableError
        raise kind(f"{entry.name} in {archive.name} {entry.fault}")
    if entry.size > options.max_bytes:
        raise DocumentUnreadableError(
            f"{entry.name} in {archive.name} has {entry.size / 1e6:,.1f} MB, more than the limit "
            f"of {options.max_bytes / 1e6:g} MB (--set max_file_mb=N)."
        )


def damaged(archive: Archive, entry: Entry) -> DocumentUnreadableError:
    """What to say of a member whose bytes cannot be had."""
    return DocumentUnreadableError(
        f"{entry.name} in {archive.name} is damaged, or packed in a way that is not read. Pack it "
        "again, or unpack it and ingest the file."
    )


class _Reader(threading.local):
    """The archive that was read last, and the last one within it."""

    def __init__(self) -> None:
        self._identity: _Identity | None = None
        self._archive: Archive | None = None
        self._inner: dict[str, Archive] = {}

    def read(self, outer: Path, parts: tuple[str, ...], options: LoadOptions) -> bytes:
        """The bytes of a member by the parts of its path."""
        try:
            archive = self._opened(outer)
            return self._within(archive, "", parts, options)
        except DocumentError:
            raise
        except DAMAGES as error:
            raise DocumentUnreadableError(
                f"{outer.name} is damaged and cannot be read to its end. Pack it again."
            ) from error

    def close(self) -> None:
        """Lets go of all."""
        for archive in (*self._inner.values(), self._archive):
            if archive is not None:
                archive.close()
        self._identity, self._archive, self._inner = None, None, {}

    def _opened(self, outer: Path) -> Archive:
        status = outer.stat()
        identity = (str(outer), status.st_ino, status.st_mtime_ns, status.st_size)
        if self._archive is None or identity != self._identity:
            self.close()
            self._archive, self._identity = open_archive(outer, outer.name), identity
        return self._archive

    def _within(
        self, archive: Archive, above: str, parts: tuple[str, ...], options: LoadOptions
    ) -> bytes:
        for number in range(1, len(parts)):
            name = "/".join(parts[:number])
            if is_archive(name) and (entry := archive.find(name)):
                key = f"{above}/{name}"
                if key not in self._inner:
                    for one in self._inner.values() if not above else ():
                        one.close()
                    self._inner = {} if not above else self._inner
                    data = io.BytesIO(read_entry(archive, entry, options))
                    self._inner[key] = open_archive(data, entry.name)
                return self._within(self._inner[key], key, parts[number:], options)
        entry = archive.find("/".join(parts))
        if entry is None:
            raise DocumentUnreadableError(
                f"There is no {'/'.join(parts)} in {archive.name}. It may have changed: ingest "
                "the archive again."
            )
        return read_entry(archive, entry, options)


_READER = _Reader()
