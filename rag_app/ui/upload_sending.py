"""Consent before files are uploaded into a collection whose model would send their text away."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import streamlit as st

from rag_app.settings import Settings
from rag_app.ui import state, style, wording
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources
from rag_app.ui.sending import notice
from rag_app.ui.state import Key
from rag_app.ui.upload_files import safe_name
from rag_app.ui.work import Work

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from rag_app.embeddings.cost import Cost

LOOK_S = 0.3
Answer = Literal["send", "leave", "wait"]


def asked(shared: Resources, collection: str, files: Sequence[UploadedFile]) -> Answer:
    """Says where the text of the files would go and what that costs, and asks.

    Nothing is written or sent before the reader agrees; where all stays on this machine, nothing
    is asked.
    """
    spec = _spec_of(shared, collection)
    host = shared.embedding_destination(spec)
    if host is None:
        return "send"
    work = _estimate(shared.settings, spec, files)
    if not work.finished.is_set():
        _wait(work)
        return "wait"
    sentence = (
        f"The text of {wording.count(len(files), 'file')} would be sent to **{quoted(host)}** to "
        f"be embedded for {quoted(collection)}."
    )
    costs = [work.result] if work.result else []
    with notice("upload_sending", sentence, costs), st.container(horizontal=True):
        send = st.button("Send and add", type="primary", key="upload_send")
        leave = st.button("Leave them out", key="upload_leave")
    return "send" if send else "leave" if leave else "wait"


def _spec_of(shared: Resources, collection: str) -> str:
    if shared.store.exists(collection):
        return shared.store.get(collection).info.embedding.spec
    return shared.settings.embedding


def _estimate(settings: Settings, spec: str, files: Sequence[UploadedFile]) -> Work[Cost | None]:
    """What the files would cost; of this session, while they are the same."""
    wanted = (spec, [file.file_id for file in files])
    kept = state.get(Key.UPLOAD_COST)
    if kept is None or kept[0] != wanted:
        held = [(safe_name(file.name), bytes(file.getbuffer())) for file in files]
        kept = (wanted, Work(lambda _: _cost(settings, spec, held)))
        state.put(Key.UPLOAD_COST, kept)
        kept[1].start()
    work: Work[Cost | None] = kept[1]
    return work


def _cost(settings: Settings, spec: str, files: Sequence[tuple[str, bytes]]) -> Cost | None:
    from ingest.limits import options_of
    from ingest.text_estimate import tokens_in
    from rag_app.embeddings.cost import Cost, cost_of

    with tempfile.TemporaryDirectory(prefix="rag-estimate-") as folder:
        paths = []
        for number, (name, data) in enumerate(files):
            path = Path(folder) / str(number) / name  # two files may have one name
            path.parent.mkdir()
            path.write_bytes(data)
            paths.append(path)
        _, tokens = tokens_in(paths, options_of(settings))
    return cost_of(spec, tokens, settings) or Cost(spec, tokens, None)


@st.fragment(run_every=LOOK_S)
def _wait(work: Work[Cost | None]) -> None:
    if work.finished.is_set():
        state.draw_again()
    st.html(style.waiting("Estimating what that costs …"))
