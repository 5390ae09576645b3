"""The document flow: load, clean, chunk, embed, store."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.pipeline import ingest_paths
    from ingest.report import IngestReport, Progress, report_of
    from ingest.target import open_or_create

__all__ = ["IngestReport", "Progress", "ingest_paths", "open_or_create", "report_of"]

_MODULES = {
    "IngestReport": "ingest.report",
    "Progress": "ingest.report",
    "ingest_paths": "ingest.pipeline",
    "open_or_create": "ingest.target",
    "report_of": "ingest.report",
}


def __getattr__(name: str) -> object:
    """Imported when it is asked for: a worker process that reads files needs none of it."""
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'ingest' has no attribute '{name}'")
