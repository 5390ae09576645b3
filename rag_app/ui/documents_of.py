"""The files behind documents: their names, and whether they are still what was read in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path, PurePath

import streamlit as st


def file_name(source: str) -> str:
    """The last part of a path."""
    return PurePath(source).name


def unchanged_file(sources: Iterable[str], document_id: str) -> Path | None:
    """The first of ``sources`` that still has the content with this SHA-256."""
    for source in sources:
        path = Path(source)
        try:
            status = path.stat()
            digest = _digest(str(path), status.st_mtime_ns, status.st_size)
        except OSError:
            continue  # gone or not readable: another path may do
        if digest == document_id:
            return path
    return None


@st.cache_data(show_spinner=False, max_entries=256)
def _digest(path: str, changed: int, size: int) -> str:
    del changed, size  # part of the cache's key
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
