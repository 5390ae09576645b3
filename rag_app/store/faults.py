"""Faults of SQLite, the file system and Chroma, as sentences that say what to do."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag_app.errors import StoreBusyError, StoreError, StoreUnavailableError

_FULL = (
    "There is no space left to write {path}. Free some disk space and try again; what was finished "
    "is kept."
)
_READ_ONLY = (
    "{path} cannot be written. Give yourself write permission there, or set RAG_HOME to another "
    "folder."
)
_CLOSED = (
    "{path} cannot be opened or created. Check that its folder exists and that you may write "
    "there, or set RAG_HOME to another folder."
)
_DISK = (
    "The disk failed while {path} was read or written (it may be full, or gone). Check it and try "
    "again."
)
_BUSY = "Another process keeps {path} locked. Wait for it to end and try again."
_DAMAGED = (
    "{path} is damaged. Put back a copy of it, or move it away and ingest the documents again; "
    "the documents themselves are not touched."
)

_SQLITE: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (StoreUnavailableError, _FULL),
    sqlite3.SQLITE_READONLY: (StoreUnavailableError, _READ_ONLY),
    sqlite3.SQLITE_PERM: (StoreUnavailableError, _READ_ONLY),
    sqlite3.SQLITE_CANTOPEN: (StoreUnavailableError, _CLOSED),
    sqlite3.SQLITE_IOERR: (StoreUnavailableError, _DISK),
    sqlite3.SQLITE_BUSY: (StoreBusyError, _BUSY),
    sqlite3.SQLITE_LOCKED: (StoreBusyError, _BUSY),
    sqlite3.SQLITE_CORRUPT: (StoreError, _DAMAGED),
    sqlite3.SQLITE_NOTADB: (StoreError, _DAMAGED),
}

_SYSTEM: dict[int, tuple[type[StoreError], str]] = {
    errno.ENOSPC: (StoreUnavailableError, _FULL),
    errno.EDQUOT: (StoreUnavailableError, _FULL),
    errno.EFBIG: (StoreUnavailableError, _FULL),
    errno.EROFS: (StoreUnavailableError, _READ_ONLY),
    errno.EACCES: (StoreUnavailableError, _READ_ONLY),
    errno.EPERM: (StoreUnavailableError, _READ_ONLY),
    errno.EIO: (StoreUnavailableError, _DISK),
    errno.ENOENT: (StoreUnavailableError, _CLOSED),
    errno.ENOTDIR: (StoreUnavailableError, _CLOSED),
    errno.EISDIR: (StoreUnavailableError, _CLOSED),
    errno.EEXIST: (StoreUnavailableError, _CLOSED),
    errno.ELOOP: (StoreUnavailableError, _CLOSED),
    errno.ENAMETOOLONG: (StoreUnavailableError, _CLOSED),
}

# What Chroma's embedded engine says in its messages; it gives no codes.
_CHROMA: tuple[tuple[str, type[StoreError], str], ...] = (
    ("no space left", StoreUnavailableError, _FULL),
    ("disk is full", StoreUnavailableError, _FULL),
    ("file too large", StoreUnavailableError, _FULL),
    ("readonly database", StoreUnavailableError, _READ_ONLY),
    ("read-only file system", StoreUnavailableError, _READ_ONLY),
    ("permission denied", StoreUnavailableError, _READ_ONLY),
    ("unable to open database", StoreUnavailableError, _CLOSED),
    ("file exists", StoreUnavailableError, _CLOSED),
    ("not a directory", StoreUnavailableError, _CLOSED),
    ("disk i/o error", StoreUnavailableError, _DISK),
    ("input/output error", StoreUnavailableError, _DISK),
    ("database is locked", StoreBusyError, _BUSY),
    ("malformed", StoreError, _DAMAGED),
    ("not a database", StoreError, _DAMAGED),
)


@contextmanager
def sqlite_explained(path: Path) -> Iterator[None]:
    """Turns faults of SQLite about the file ``path`` into errors of our tree.

    A fault that is none of the environment's (a wrong statement) passes untouched.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None or code & 0xFF not in _SQLITE:
            raise
        kind, text = _SQLITE[code & 0xFF]
        raise kind(text.format(path=path)) from error


@contextmanager
def system_explained(path: Path) -> Iterator[None]:
    """The same for faults of the file system."""
    try:
        yield
    except OSError as error:
        if error.errno not in _SYSTEM:
            raise
        kind, text = _SYSTEM[error.errno]
        raise kind(text.format(path=path)) from error


@contextmanager
def chroma_explained(path: Path) -> Iterator[None]:
    """The same for what the embedded Chroma says about its folder ``path``."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        message = str(error).lower()
        for sign, kind, text in _CHROMA:
            if sign in message:
                raise kind(text.format(path=path)) from error
        raise
    except BaseException as error:
        # Chroma's engine is Rust; where that panics, the class is no Exception and cannot be named.
        if type(error).__name__ != "PanicException":
            raise
        raise StoreError(_DAMAGED.format(path=path)) from error
