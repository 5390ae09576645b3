"""From a path to bytes, with a clear sentence for everything that can be wrong with a path."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

from ingest.load.members import outer_archive, read_member
from ingest.load.options import LoadOptions, RawFile
from rag_app.errors import DocumentError, DocumentSkippedError, DocumentUnreadableError

_REASONS = {
    errno.ENOENT: "There is no file {path}. Check the path.",
    errno.ENOTDIR: "There is no file {path}. Check the path.",
    errno.EACCES: "Permission to read {path} is missing. Change its permissions (chmod u+rX).",
    errno.EPERM: "Permission to read {path} is missing. Change its permissions (chmod u+rX).",
    errno.ELOOP: "{path} is a link to itself. Replace the link by the file.",
    errno.ENAMETOOLONG: "The name {path} is too long. Check the path.",
}


def read_file(path: Path, options: LoadOptions) -> RawFile:
    """Reads a regular file whole, or one in an archive (``archive.zip/inside.pdf``).

    Raises:
        DocumentSkippedError: It is empty.
        DocumentUnreadableError: It is missing, not permitted, too large, or no regular file.
    """
    try:
        _check(path, path.stat(), options)
        data = path.read_bytes()
    except NotADirectoryError:
        return RawFile(path, read_member(path, options))
    except (OSError, ValueError) as error:
        raise DocumentUnreadableError(explain(path, error)) from error
    if not data:
        raise _empty(path)
    return RawFile(path, data)


def digest_file(path: Path, options: LoadOptions) -> str:
    """SHA-256 of a regular file's bytes in hexadecimal, without holding them in memory.

    Raises:
        DocumentError: As ``read_file``.
    """
    try:
        status = path.stat()
        _check(path, status, options)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except NotADirectoryError:
        return hashlib.sha256(read_member(path, options)).hexdigest()
    except (OSError, ValueError) as error:
        raise DocumentUnreadableError(explain(path, error)) from error
    if status.st_size == 0:
        raise _empty(path)
    return digest


def first_bytes(path: Path, number: int, start: int = 0) -> bytes:
    """How a regular file begins, or one in an archive; nothing where that cannot be had.

    Args:
        path: Which.
        number: So many bytes, or fewer.
        start: From there on.
    """
    try:
        if path.is_file():  # what opens a pipe waits for who writes into it
            with path.open("rb") as file:
                file.seek(start)
                return file.read(number)
        inside = outer_archive(path) is not None
        return read_member(path, LoadOptions())[start : start + number] if inside else b""
    except (DocumentError, OSError, ValueError):
        return b""


def _empty(path: Path) -> DocumentSkippedError:
    return DocumentSkippedError(f"{path.name} is empty (0 bytes). Check that it was copied whole.")


def explain(path: Path, error: OSError | ValueError) -> str:
    """One sentence for an error of the operating system."""
    number = error.errno if isinstance(error, OSError) else None
    template = _REASONS.get(number or 0)
    if template:
        return template.format(path=path)
    detail = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return f"{path} cannot be read ({detail}). Check the file and its disk."


def _check(path: Path, status: os.stat_result, options: LoadOptions) -> None:
    mode, size = status.st_mode, status.st_size
    if stat.S_ISDIR(mode):
        raise DocumentUnreadableError(f"{path} is a folder. Give a file, or ingest the folder.")
    if not stat.S_ISREG(mode):
        raise DocumentUnreadableError(
            f"{path} is a device, pipe or socket. Copy its content to a file and ingest that."
        )
    if size > options.max_bytes:
        raise DocumentUnreadableError(
            f"{path.name} has {size / 1e6:.1f} MB, more than the limit of "
            f"{options.max_bytes / 1e6:g} MB. Raise the setting max_file_mb (--set max_file_mb=N), "
            "or split the file."
        )
