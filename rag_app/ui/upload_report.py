"""What became of an upload, file by file, and the field for a password that some of them need."""

from __future__ import annotations

import html
import os
from collections import Counter
from pathlib import Path

import streamlit as st

from rag_app.types import FileOutcome
from rag_app.types.media import PAGINATED
from rag_app.ui import pdf_password, problems, wording
from rag_app.ui.resources import Resources
from rag_app.ui.upload import UploadJob

STATES = {
    "added": ("added", "good"),
    "updated": ("replaced", "good"),
    "unchanged": ("already there", "same"),
    "duplicate": ("same content as another file", "same"),
    "forgotten": ("removed", "same"),
    "locked": ("protected by a password", "warn"),
    "skipped": ("skipped", "warn"),
    "failed": ("failed", "bad"),
}
"""What each outcome is called on the page, and how it is coloured; the good ones come first."""

AGAIN = ("read in again", "good")
"""What an outcome is called when the reader asked for just that."""


def show(shared: Resources, job: UploadJob) -> None:
    """Draws the report of an upload that has ended."""
    with st.container(border=True, key=f"upload_outcome_{job.number}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            summary = _summary(job) or "Nothing was added"
            st.markdown(f"**{summary}** in {wording.seconds(job.seconds)}")
            st.space("stretch")
            st.button(
                "",
                icon=":material/close:",
                type="tertiary",
                key=f"dismiss_upload_{job.number}",
                help="Close this report",
                on_click=problems.callback(shared.dismiss_upload),
                args=(job,),
            )
        if job.error:
            problems.show(job.error)
        if job.cancelled:
            st.caption("You stopped the upload. The files after that point were not added.")
        st.html(f'<ul class="outcomes">{"".join(_line(job, done) for done in job.outcomes)}</ul>')
        if job.locked:
            _ask_for_password(shared, job)


def _summary(job: UploadJob) -> str:
    counts = Counter(_state(job, outcome) for outcome in job.outcomes)
    return ", ".join(f"{counts[name]} {_called(job, name)[0]}" for name in STATES if counts[name])


def _state(job: UploadJob, outcome: FileOutcome) -> str:
    return "locked" if job.is_locked(outcome) else outcome.state


def _called(job: UploadJob, name: str) -> tuple[str, str]:
    return AGAIN if job.again and name == "updated" else STATES[name]


def _line(job: UploadJob, outcome: FileOutcome) -> str:
    said, tone = _called(job, _state(job, outcome))
    path = Path(outcome.path)
    return (
        f'<li><b>{html.escape(path.name)}</b> <em class="chip {tone}">{said}</em>'
        f"<p>{html.escape(_detail(job, outcome, path))}</p></li>"
    )


def _detail(job: UploadJob, outcome: FileOutcome, path: Path) -> str:
    if job.is_locked(outcome):
        return (
            "The password does not open it. Type it again below."
            if job.has_password
            else "Type its password below, and it is read in."
        )
    if outcome.reason:
        # Where uploads are kept is no concern of the reader: the name of a file says it all.
        return outcome.reason.replace(f"{path.parent}{os.sep}", "")
    from ingest.load import FORMATS

    suffix = path.suffix.lower()
    has_pages = any(row.media_type in PAGINATED for row in FORMATS if suffix in row.suffixes)
    pages = wording.count(outcome.pages, "page") if has_pages else ""
    passages = wording.count(outcome.chunks, "passage") if outcome.chunks else ""
    recognised = f"{outcome.ocr_pages} recognised on images (OCR)" if outcome.ocr_pages else ""
    return ", ".join(part for part in (pages, recognised, passages) if part)


def _ask_for_password(shared: Resources, job: UploadJob) -> None:
    password = pdf_password.form(f"of_upload_{job.number}", "Read in")
    if password:
        with problems.in_plain_words():
            shared.start_upload(job.unlock(password))
            if not job.outcomes:
                shared.dismiss_upload(job)
            st.rerun()
