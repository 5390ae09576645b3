"""Files that an ingestion could not take into a collection, and another try at them."""

from __future__ import annotations

import html
import os
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.types.archives import is_web_address
from rag_app.ui import problems, wording
from rag_app.ui.resources import Resources
from rag_app.ui.upload import UploadJob

if TYPE_CHECKING:
    from ingest.kept import Left

SHOWN = 50


def show(shared: Resources, collection: str) -> None:
    """Draws the list with its button; nothing if no file failed."""
    from ingest.kept import left_out

    failed = [one for one in left_out(shared.settings, collection) if one.state == "failed"]
    if not failed:
        return
    with st.expander(
        f"{wording.count(len(failed), 'file')} could not be read",
        icon=":material/error:",
        key="left_out",
    ):
        st.html(f'<ul class="outcomes">{"".join(map(_line, failed[:SHOWN]))}</ul>')
        if len(failed) > SHOWN:
            st.caption(f"And {len(failed) - SHOWN} more: ingest --retry-failed --report FILE.csv")
        if any(is_web_address(one.path) for one in failed):
            st.caption("Web addresses: ingest --retry-failed --allow-network")
        if all(is_web_address(one.path) for one in failed):
            return
        st.button(
            "Try again",
            icon=":material/refresh:",
            key="retry_failed",
            on_click=problems.callback(_try_again),
            args=(shared, collection),
        )


def _line(one: Left) -> str:
    path = Path(one.path)
    reason = one.reason.replace(f"{path.parent}{os.sep}", "")
    return (
        f'<li><b>{html.escape(path.name)}</b> <em class="chip bad">failed</em>'
        f"<p>{html.escape(reason)}<br><small>{html.escape(str(path.parent))}</small></p></li>"
    )


def _try_again(shared: Resources, collection: str) -> None:
    from ingest.kept import drop, failed_paths

    there, gone = failed_paths(shared.settings, collection)
    drop(shared.settings, collection, gone)
    shared.dismiss_finished(collection)
    if there:
        shared.start_upload(UploadJob(shared.settings, collection, [Path(one) for one in there]))
