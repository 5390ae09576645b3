"""Uploaded files on disk: ``RAG_HOME/uploads/<collection>/``.

A file of the same name takes the place of the one before it; if the new one cannot be ingested,
the one before it stays. A PDF that needs a password is put aside until it is given.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

from rag_app.errors import RagError
from rag_app.types import FileOutcome

KEPT = ("added", "updated", "unchanged", "duplicate")
"""States of a file that is now in the collection."""

LOCKED = ".locked-"
"""How the name of a file begins that waits for its password."""


def keep(folder: Path, name: str, data: bytes | memoryview) -> Path:
    """Writes an upload; the file it replaces is put aside until ``settle``.

    Raises:
        RagError: The disk is full, or the folder cannot be written.
    """
    target = folder / safe_name(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".incoming-", delete=False) as file:
            file.write(data)
        _replace(target, Path(file.name))
    except OSError as error:
        raise RagError(
            f"{target.name} could not be kept in {folder} ({error.strerror}). "
            "Make room or correct the permissions of that folder, then upload it again."
        ) from error
    return target


def put_aside(path: Path) -> Path:
    """Moves an upload that waits for its password to where nothing takes it for a document."""
    return path.replace(path.with_name(LOCKED + path.name))


def bring_back(locked: Path) -> Path:
    """Moves an upload back that was put aside; the file it replaces waits for ``settle``."""
    target = locked.with_name(locked.name.removeprefix(LOCKED))
    _replace(target, locked)
    return target


def settle(paths: Sequence[Path], outcomes: Sequence[FileOutcome]) -> None:
    """Removes uploads that could not be ingested, and puts back what they had replaced."""
    kept = [Path(outcome.path).resolve() for outcome in outcomes if outcome.state in KEPT]
    good = {path for one in kept for path in (one, *one.parents)}  # an archive by its members
    for path in paths:
        before = _before(path)
        if path.resolve() in good:
            before.unlink(missing_ok=True)
        elif before.exists():
            before.replace(path)
        else:
            path.unlink(missing_ok=True)


def safe_name(name: str) -> str:
    """The file name in ``name`` without any folder, and never hidden or empty."""
    plain = PureWindowsPath(PurePosixPath(name).name).name.replace("\0", "").lstrip(".")
    path = Path(plain or "upload")
    return f"{path.stem[:120]}{path.suffix[:20]}"


def _replace(target: Path, new: Path) -> None:
    if target.exists() and not _before(target).exists():
        shutil.copy2(target, _before(target))
    new.replace(target)


def _before(path: Path) -> Path:
    return path.with_name(f".before-{path.name}")
