"""The upload field of the documents page, with its progress and what became of each file."""

from __future__ import annotations

import html
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ingest.load import supported_suffixes
from rag_app.errors import RagError
from rag_app.types import FileOutcome
from rag_app.ui import state, wording
from rag_app.ui.launch import upload_limit_mb
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources
from rag_app.ui.state import Key
from rag_app.ui.upload import UploadJob, folder_of, keep, safe_name

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from ingest import Progress

LOOK_S = 0.25
STATES = {
    "added": ("added", "good"),
    "updated": ("replaced", "good"),
    "unchanged": ("already there", "same"),
    "duplicate": ("same content as another file", "same"),
    "skipped": ("skipped", "warn"),
    "failed": ("failed", "bad"),
    "forgotten": ("removed", "same"),
}
"""What each outcome is called on the page, and how it is coloured."""


def show(shared: Resources, collection: str) -> UploadJob | None:
    """Draws the field and what became of the last upload; returns the one that still runs."""
    number = state.get(Key.UPLOAD_ROUND, 0)
    files = st.file_uploader(
        "Drop files here",
        type=list(supported_suffixes()),
        accept_multiple_files=True,
        max_upload_size=upload_limit_mb(shared.settings),
        key=f"upload_{number}",
        help="A file of the same name takes the place of the one before it.",
    )
    with st.expander("Some of them are protected by a password", type="compact"):
        password = st.text_input(
            "Password", type="password", key="upload_password", label_visibility="collapsed"
        )
    if files:
        state.put(Key.UPLOAD_ROUND, number + 1)  # a new field: these files are taken
        _take(shared, collection, files, password or None)
        st.rerun()
    job = shared.upload(collection)
    if job is None or not job.finished.is_set():
        return job
    _outcome(shared, job)
    return None


def follow(job: UploadJob) -> None:
    """Shows the progress of an upload that was running until it ends, then draws the page anew."""
    with st.bottom, st.container(key="upload_progress", border=True):
        place = st.empty()
        st.button(
            "Stop after this file",
            icon=":material/stop_circle:",
            type="tertiary",
            key="stop_upload",
            disabled=job.cancelled,
            on_click=job.cancel,
        )
    started = time.monotonic()
    while not job.finished.wait(LOOK_S):
        share, text = _progress(job, time.monotonic() - started)
        place.progress(share, text)
    state.draw_again()


def _take(
    shared: Resources, collection: str, files: Sequence[UploadedFile], password: str | None
) -> None:
    folder = folder_of(shared.settings, collection)
    try:
        paths: list[Path] = []
        taken: set[str] = set()
        for file in files:
            name = _distinct(safe_name(file.name), taken)
            taken.add(name)
            paths.append(keep(folder, name, file.getbuffer()))
        settings = shared.settings.override(pdf_password=password)
        shared.start_upload(UploadJob(settings, collection, paths, restore=True))
    except RagError as error:
        state.complain(str(error))


def _distinct(name: str, taken: set[str]) -> str:
    """A name that no other file of the same upload has."""
    path, number, chosen = Path(name), 1, name
    while chosen in taken:
        number += 1
        chosen = f"{path.stem} ({number}){path.suffix}"
    return chosen


def _progress(job: UploadJob, passed: float) -> tuple[float, str]:
    if job.waiting.is_set():
        return 0.0, "Waiting for another upload to end"
    progress = job.progress
    if progress is None:
        return 0.0, f"Preparing {wording.count(len(job.names), 'file')} · {wording.seconds(passed)}"
    share = _share(progress)
    left = progress.seconds / share - progress.seconds if share > 0.05 else None
    name = Path(progress.path).name if progress.path else job.names[0]
    parts = [
        name
        if len(job.names) == 1
        else f"{progress.done} of {wording.count(progress.total, 'file')}",
        f"{progress.chunks_done:,} of {wording.count(progress.chunks_known, 'passage')} embedded",
        f"about {wording.seconds(left)} left" if left else "",
    ]
    return share, quoted(" · ".join(part for part in parts if part))


def _share(progress: Progress) -> float:
    """How much is done, by passages within files; files that nobody has parsed yet count whole."""
    behind = progress.chunks_known - progress.chunks_done
    within = progress.chunks_done / progress.chunks_known if behind > 0 else 0.0
    share = (progress.done + within) / max(progress.total, 1)
    return min(share, 0.99) if progress.done < progress.total else 1.0


def _outcome(shared: Resources, job: UploadJob) -> None:
    with st.container(border=True, key="upload_outcome", gap="small"):
        if job.error:
            st.error(job.error, icon=":material/error:")
        counts = Counter(STATES[outcome.state][0] for outcome in job.outcomes)
        summary = ", ".join(f"{number} {what}" for what, number in counts.items())
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{summary or 'Nothing was added'}** in {wording.seconds(job.seconds)}")
            st.space("stretch")
            st.button(
                "",
                icon=":material/close:",
                type="tertiary",
                key="dismiss_upload",
                help="Close this report",
                on_click=shared.dismiss_upload,
                args=(job.collection,),
            )
        if job.cancelled:
            st.caption("You stopped the upload. The files after that point were not added.")
        st.html('<ul class="outcomes">' + "".join(map(_line, job.outcomes)) + "</ul>")


def _line(outcome: FileOutcome) -> str:
    said, tone = STATES[outcome.state]
    counted = (
        f"{wording.count(outcome.pages, 'page')}, {wording.count(outcome.chunks, 'passage')}"
        if outcome.chunks
        else ""
    )
    return (
        f'<li><b>{html.escape(Path(outcome.path).name)}</b> <em class="chip {tone}">{said}</em>'
        f"<p>{html.escape(outcome.reason or counted)}</p></li>"
    )
