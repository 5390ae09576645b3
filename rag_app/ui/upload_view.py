"""The upload field of the documents page, with its progress and what became of each file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from ingest.load import FORMATS
from rag_app.store.belongings import uploads_of
from rag_app.types.archives import ending
from rag_app.ui import state, upload_report, upload_sending, wording
from rag_app.ui.launch import upload_limit_mb
from rag_app.ui.markup import quoted
from rag_app.ui.problems import in_plain_words
from rag_app.ui.resources import Resources
from rag_app.ui.state import Key
from rag_app.ui.upload import UploadJob
from rag_app.ui.upload_files import keep, safe_name

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile


LOOK_S = 0.25


def show(shared: Resources, collection: str) -> UploadJob | None:
    """Draws the field and what became of the last uploads; returns one that still runs."""
    number = state.get(Key.UPLOAD_ROUND, 0)
    # Files of any type and somewhat above the limit are taken as well: the report then says of
    # each what is wrong with it. The field itself would drop them without a word.
    files = st.file_uploader(
        "Add documents",
        accept_multiple_files=True,
        max_upload_size=upload_limit_mb(shared.settings),
        key=f"upload_{number}",
        help="A file of the same name takes the place of the one before it.",
    )
    st.html(f'<p class="accepted">{_accepted(shared)}</p>')
    answer = upload_sending.asked(shared, collection, files) if files else "wait"
    if answer != "wait":
        state.put(Key.UPLOAD_ROUND, number + 1)  # a new field: these files are dealt with
        with in_plain_words():
            if answer == "send":
                _take(shared, collection, files)
            st.rerun()
    running = None
    for job in shared.uploads(collection):
        if job.finished.is_set():
            upload_report.show(shared, job)
        else:
            running = running or job
    return running


def follow(job: UploadJob) -> None:
    """Shows the progress of an upload that was running until it ends, then draws the page anew."""
    with st.bottom, st.container(key="upload_progress", border=True):
        place = st.empty()
        if len(job.names) > 1 or job.waiting.is_set():
            st.button(
                "Stop after this file",
                icon=":material/stop_circle:",
                type="tertiary",
                key="stop_upload",
                disabled=job.cancelled,
                on_click=job.cancel,
            )
    started = time.monotonic()
    ended = False
    while not ended:
        share, text = _progress(job, time.monotonic() - started)
        place.progress(share, text)
        ended = job.finished.wait(LOOK_S)
    state.draw_again()


def _accepted(shared: Resources) -> str:
    kinds = ", ".join(dict.fromkeys(wording.kind(row.media_type) for row in FORMATS))
    return f"{kinds} · up to {shared.settings.max_file_mb:g} MB each"


def _take(shared: Resources, collection: str, files: Sequence[UploadedFile]) -> None:
    folder = uploads_of(shared.settings.home, collection)
    paths: list[Path] = []
    taken: set[str] = set()
    for file in files:
        name = _distinct(safe_name(file.name), taken)
        taken.add(name)
        paths.append(keep(folder, name, file.getbuffer()))
    shared.dismiss_finished(collection)
    shared.start_upload(UploadJob(shared.settings, collection, paths, restore=True))


def _distinct(name: str, taken: set[str]) -> str:
    """A name that no other file of the same upload has."""
    number, chosen = 1, name
    stem = name[: len(name) - len(ending(Path(name)))]
    while chosen in taken:
        number += 1
        chosen = f"{stem} ({number}){name[len(stem) :]}"
    return chosen


def _progress(job: UploadJob, passed: float) -> tuple[float, str]:
    if job.waiting.is_set():
        return 0.0, "Waiting for another upload to end"
    progress = job.progress
    if progress is None:
        return 0.0, f"Preparing {wording.count(len(job.names), 'file')} · {wording.seconds(passed)}"
    share = progress.share
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
