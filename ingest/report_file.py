"""An ingest report as a file: JSON, or CSV with a line for each file."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from ingest.report import IngestReport
from rag_app.types import FileOutcome

_STAGES = ("load", "clean", "cut", "embed", "store")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_report(report: IngestReport, path: Path) -> None:
    """Writes CSV to a file that ends in ``.csv``, and JSON to any other.

    Raises:
        OSError: It cannot be written.
    """
    if path.suffix.lower() == ".csv":
        # The mark tells spreadsheet programs that it is UTF-8.
        path.write_text(csv_of(report), "utf-8-sig", errors="backslashreplace", newline="")
        return
    path.write_text(json_of(report), "utf-8", errors="backslashreplace")


def json_of(report: IngestReport) -> str:
    """A report as JSON, for people to read as well."""
    return json.dumps(report.to_json(), ensure_ascii=False, indent=2) + "\n"


def csv_of(report: IngestReport) -> str:
    """The files of a report as CSV, with a line of names first."""
    rows = [_row(outcome) for outcome in report.outcomes]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(_row(FileOutcome("", "skipped"))))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(outcome: FileOutcome) -> dict[str, object]:
    row = outcome.to_json()
    del row["stages"]
    seconds = {f"{stage}_seconds": outcome.stages.get(stage) for stage in _STAGES}
    row |= {name: None if value is None else round(value, 3) for name, value in seconds.items()}
    return {name: _harmless(value) for name, value in row.items()}


def _harmless(value: object) -> object:
    """A file name that a spreadsheet program would take for a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
