"""The document flow: load, clean, chunk, embed, store."""

from ingest.pipeline import ingest_paths
from ingest.report import IngestReport, Progress, report_of
from ingest.target import open_or_create

__all__ = ["IngestReport", "Progress", "ingest_paths", "open_or_create", "report_of"]
