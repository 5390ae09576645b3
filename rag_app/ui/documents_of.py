"""The files behind documents: their names, and whether they are still what was read in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import streamlit as st

from ingest.load import LoadOptions, digest_file
from ingest.load.members import outer_archive
from rag_app.errors import DocumentError
from rag_app.types.archives import document_name


def file_name(source: str) -> str:
    """The last part of a path; in an archive, its name and the way within it."""
    return document_name(source)


def unchanged_file(sources: Iterable[str], document_id: str) -> Path | None:
    """The first of ``sources`` that still has the content with this SHA-256."""
    for source in sources:
        path = Path(source)
        try:
            status = (outer_archive(path) or path).stat()
            digest = _digest(str(path), status.st_mtime_ns, status.st_size)
        except (OSError, DocumentError):
            continue  # gone or not readable: another path may do
        if digest == document_id:
            return path
    return None


@st.cache_data(show_spinner=False, max_entries=256)
def _digest(path: str, changed: int, size: int) -> str:
    del changed, size  # part of the cache's key
    return digest_file(Path(path), LoadOptions(max_bytes=2**62))
