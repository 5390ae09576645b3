"""Files that are slow to read, kept as arrays in the cache folder after the first time."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rag_app.embeddings.vector_files import VectorFileError
from rag_app.errors import EmbeddingError
from rag_app.settings import Settings

Convert = Callable[[Path, Path], Mapping[str, object]]
"""Reads the file, writes arrays into the folder, and returns what should be remembered of it."""

_NOTE = "source.json"
_VERSION = 1


def converted(path: Path, kind: str, convert: Convert, settings: Settings) -> tuple[Path, Any]:
    """The folder with the arrays of ``path``, made now if the file is new or has changed.

    Args:
        path: The user's file.
        kind: What it is read as; the same file may be read as several.
        convert: Reads it.
        settings: ``cache`` is where the arrays are kept.

    Returns:
        The folder, and what ``convert`` returned with ``sha256`` and ``bytes`` of the file.

    Raises:
        EmbeddingError: The file is not there or is not what it should be, or the cache folder
            cannot be written.
    """
    try:
        path = path.expanduser().resolve(strict=True)
        about = path.stat()
    except (OSError, RuntimeError) as error:
        raise EmbeddingError(
            f"There is no file {path} that can be read. Correct the path."
        ) from error
    if not path.is_file():
        raise EmbeddingError(f"{path} is a folder: give the file of vectors in it.")
    name = f"{_VERSION} {kind} {path} {about.st_size} {about.st_mtime_ns}"
    folder = settings.cache / "words" / hashlib.sha256(name.encode()).hexdigest()[:32]
    try:
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
        if note["sizes"] == _sizes(folder):
            return folder, note
    except (OSError, ValueError, KeyError, TypeError):
        pass  # never made, or damaged
    return folder, _make(path, convert, folder)


def _sizes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in folder.iterdir() if file.name != _NOTE}


def _make(path: Path, convert: Convert, folder: Path) -> Any:  # noqa: ANN401 - JSON
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EmbeddingError(f"{path} cannot be read ({error.strerror}).") from error
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".draft-"))
        try:
            note = {**convert(path, draft), "sha256": digest, "bytes": path.stat().st_size}
            note["sizes"] = _sizes(draft)
            (draft / _NOTE).write_text(json.dumps(note), encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)  # a damaged one
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except VectorFileError as error:
        raise EmbeddingError(f"{path} {error}.") from error
    except OSError as error:
        raise EmbeddingError(
            f"The vectors of {path} cannot be kept in {folder.parent} "
            f"({error.strerror or error}). Free space, or set RAG_CACHE to another folder."
        ) from error
    return note
