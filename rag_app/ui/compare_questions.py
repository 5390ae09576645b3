"""Which questions the models are asked: where they come from, and a look at them."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.store import CollectionInfo
from rag_app.ui import problems, state, wording
from rag_app.ui.compare_material import EXTRACTIVE, make_draft
from rag_app.ui.compare_question_list import show as show_list
from rag_app.ui.compare_setup import QuestionFile, Setup, Source, Wanted
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources

if TYPE_CHECKING:
    from rag_app.ui.compare_setup import Draft

COUNTS = (30, 50, 100, 200, 400)
"""How many questions can be made. With fewer than 30 chance decides."""
LOOK_S = 0.5
LARGEST_MB = 5
"""Of a file with questions: some ten thousand of them."""

TITLES: dict[Source, str] = {
    "saved": "The saved set",
    "rules": "Made from the documents",
    "llm": "Written by the language model",
    "file": "My own file",
}


def show(shared: Resources, info: CollectionInfo, setup: Setup) -> Wanted:
    """Draws the choice and, when the reader asks for it, the questions; returns what is wanted."""
    sources = _sources(shared, info)
    if setup.source not in sources:
        setup.source = sources[0]
    key = f"compare_source_{info.name}"
    st.segmented_control(
        "Where the questions come from",
        sources,
        default=setup.source,
        required=True,
        format_func=lambda source: TITLES[source],
        key=key,
        label_visibility="collapsed",
        on_change=_choose_source,
        args=(setup, key),
    )
    _about(shared, info, setup)
    wanted = _wanted(info, setup)
    draft = setup.draft if setup.draft and setup.draft.wanted == wanted else None
    setup.draft = draft
    if draft is None:
        hosts = receivers(shared, wanted)
        st.button(
            f"Send passages to {hosts[0]} and look at the questions"
            if hosts
            else "Look at the questions first",
            icon=":material/visibility:",
            type="tertiary",
            key="compare_look",
            disabled=wanted.source == "file" and wanted.file is None,
            on_click=problems.callback(_look),
            args=(shared, info, setup, wanted),
        )
    elif draft.work.error:
        problems.show(draft.work.error)
    elif draft.work.finished.is_set():
        show_list(shared, info.name, draft)
    else:
        _making(draft)
    return wanted


@st.fragment(run_every=LOOK_S)
def _making(draft: Draft) -> None:
    """Shows how far the making of questions is until it ends, then draws the page anew."""
    work = draft.work
    if work.finished.is_set():
        state.draw_again()
    said = "Reading the documents"
    if work.total:
        said = f"{work.done} of {wording.count(work.total, 'question')}"
    with st.container(border=True, key="compare_making"):
        st.progress(work.done / work.total if work.total else 0.0, said)
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            key="compare_stop_making",
            disabled=work.cancelled,
            on_click=work.cancel,
        )


def _sources(shared: Resources, info: CollectionInfo) -> list[Source]:
    from rag_app.evaluation import saved_path

    saved = saved_path(shared.settings, info.name).exists()
    llm = shared.settings.llm != EXTRACTIVE
    present: dict[Source, bool] = {"saved": saved, "llm": llm, "rules": True, "file": True}
    return [source for source, there in present.items() if there]


def _about(shared: Resources, info: CollectionInfo, setup: Setup) -> None:
    """What the chosen source is, and what it needs to know."""
    if setup.source == "saved":
        st.caption("The questions that were saved for this collection.")
    elif setup.source == "rules":
        st.caption(
            "Headings of your documents, and sentences turned into questions in other words. Some "
            "read oddly, but each points to a passage. Your own questions tell more."
        )
        _count(info, setup)
    elif setup.source == "llm":
        llm = shared.settings.llm
        host = _llm_host(shared)
        sent = f" Passages of the documents are sent to **{quoted(host)}** for it." if host else ""
        st.caption(f"{quoted(llm)} reads passages and asks about each of them.{sent}")
        _count(info, setup)
    else:
        _file(info, setup)


def _count(info: CollectionInfo, setup: Setup) -> None:
    key = f"compare_count_{info.name}"
    st.select_slider(
        "How many questions",
        COUNTS,
        value=setup.count,
        key=key,
        on_change=_choose_count,
        args=(setup, key),
        help="More questions tell models apart more surely, and take longer.",
    )


def _file(info: CollectionInfo, setup: Setup) -> None:
    st.caption(
        "A CSV file with a line `question,document,page` (or `question,text`) at its top, or JSONL "
        "with the same names. `document` is a file name of the collection, `text` a few words "
        "of the passage that answers."
    )
    key = f"compare_file_{info.name}"
    st.file_uploader(
        "Questions",
        type=["csv", "jsonl"],
        max_upload_size=LARGEST_MB,
        key=key,
        label_visibility="collapsed",
        on_change=_choose_file,
        args=(setup, key),
    )
    if setup.file and state.widget(key) is None:  # given before the page was left
        st.html(
            f'<div class="facts"><span>Questions of <b>{html.escape(setup.file.name)}</b></span>'
            "</div>"
        )


def _wanted(info: CollectionInfo, setup: Setup) -> Wanted:
    source = setup.source or "rules"
    made = source in ("rules", "llm")
    return Wanted(
        source,
        setup.count if made else 0,
        setup.file if source == "file" else None,
        info.updated_at,
    )


def _look(shared: Resources, info: CollectionInfo, setup: Setup, wanted: Wanted) -> None:
    setup.draft = make_draft(shared.store.get(info.name), shared.settings, wanted)


def _choose_source(setup: Setup, key: str) -> None:
    setup.source = state.widget(key) or setup.source


def _choose_count(setup: Setup, key: str) -> None:
    setup.count = int(state.widget(key) or setup.count)


def _choose_file(setup: Setup, key: str) -> None:
    given = state.widget(key)
    setup.file = QuestionFile(given.name, bytes(given.getbuffer())) if given else None


def receivers(shared: Resources, wanted: Wanted) -> Sequence[str]:
    """Hosts that passages are sent to so that questions can be made of them."""
    host = _llm_host(shared) if wanted.source == "llm" else None
    return [host] if host else []


def _llm_host(shared: Resources) -> str | None:
    from rag_app.answering.chat_model import llm_destination

    return llm_destination(shared.settings)
