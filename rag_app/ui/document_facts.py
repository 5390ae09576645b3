"""What is known of documents as they were last read, and the report of all files to download."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.types import DocumentRecord, FileOutcome
from rag_app.types.kinds import LANGUAGES
from rag_app.ui import wording
from rag_app.ui.resources import Resources

if TYPE_CHECKING:
    from ingest import IngestReport

_KNOWN = 0.005
"""Share of unknown words below which none is worth a word."""


def last_outcomes(
    shared: Resources, collection: str, records: Sequence[DocumentRecord]
) -> Mapping[str, FileOutcome]:
    """What became of documents when they were last read, by id."""
    from ingest.history import last_outcomes as kept

    return kept(shared.store, collection, records)


def facts(outcome: FileOutcome) -> Sequence[str]:
    """What reading a document told, in a few words each; some are empty."""
    unknown = outcome.unknown_words or 0.0
    return (
        LANGUAGES[outcome.language].capitalize() if outcome.language in LANGUAGES else "",
        f"{wording.count(outcome.ocr_pages, 'page')} recognised on images (OCR)"
        if outcome.ocr_pages
        else "",
        f"{wording.count(outcome.empty_pages, 'page')} without text" if outcome.empty_pages else "",
        f"{unknown:.0%} of the words unknown to the model" if unknown >= _KNOWN else "",
    )


def warnings(outcome: FileOutcome) -> str:
    """HTML of what its reader should know; or nothing."""
    said = filter(None, (outcome.reason, outcome.notice))
    return "".join(
        f'<div class="facts warning"><span>{html.escape(warning)}</span></div>' for warning in said
    )


def downloads(shared: Resources, collection: str) -> None:
    """Draws the buttons that give the report of all files of a collection."""
    from ingest.report_file import csv_of, json_of

    with st.container(horizontal=True, key="report_downloads"):
        _button(shared, collection, json_of, "json", "application/json")
        # The mark tells spreadsheet programs that it is UTF-8.
        _button(shared, collection, lambda report: "\ufeff" + csv_of(report), "csv", "text/csv")


def _button(
    shared: Resources,
    collection: str,
    write: Callable[[IngestReport], str],
    kind: str,
    media_type: str,
) -> None:
    def made() -> bytes:
        from ingest.history import report_of_collection

        report = report_of_collection(shared.store, shared.settings, collection)
        return write(report).encode(errors="backslashreplace")

    st.download_button(
        f"Report as {kind.upper()}",
        made,
        f"report-{collection}.{kind}",
        media_type,
        icon=":material/download:",
        type="tertiary",
        key=f"report_{kind}",
        help="What became of each file: pages, language, passages, seconds, what is missing",
        on_click="ignore",
    )
