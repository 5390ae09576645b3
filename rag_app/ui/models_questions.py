"""The questions that a model is tuned on: where they come from, and what is sent for them."""

from __future__ import annotations

import streamlit as st

from rag_app.store import CollectionInfo
from rag_app.ui import sending, state
from rag_app.ui.compare_material import EXTRACTIVE
from rag_app.ui.compare_setup import QuestionFile
from rag_app.ui.markup import quoted
from rag_app.ui.models_choice import Choice
from rag_app.ui.resources import Resources

LARGEST_MB = 5
_KEY = "models_questions"


def show(shared: Resources, info: CollectionInfo, chosen: Choice) -> bool:
    """Draws where they come from; says whether what is sent for them is agreed to."""
    from rag_app.evaluation import saved_path

    with st.expander("Questions of your own", icon=":material/quiz:"):
        st.caption(
            "A CSV file with a line `question,document,page` (or `question,text`) at its top, or "
            "JSONL with the same names."
        )
        st.file_uploader(
            "Questions",
            type=["csv", "jsonl"],
            max_upload_size=LARGEST_MB,
            key=_KEY,
            label_visibility="collapsed",
            on_change=_choose,
            args=(chosen,),
        )
    llm = shared.settings.llm
    if chosen.file is not None:
        st.caption(f"It learns from the questions of {quoted(chosen.file.name)}.")
    elif saved_path(shared.settings, info.name).exists():
        st.caption("It learns from the questions that were saved for this collection.")
    elif llm == EXTRACTIVE:
        st.caption(
            "It learns from questions that are made of your documents by rules. Questions of your "
            "own teach more."
        )
    else:
        st.caption(f"It learns from questions that {quoted(llm)} writes about your passages.")
        return _agreed(shared, info, chosen)
    return True


def _agreed(shared: Resources, info: CollectionInfo, chosen: Choice) -> bool:
    from rag_app.answering.chat_model import llm_destination

    host = llm_destination(shared.settings)
    if not host:
        return True
    sentence = f"Passages of {quoted(info.name)} would be sent to **{quoted(host)}**."
    return sending.agreed("models_sending", sentence, [], chosen, f"tune {host} {info.name}")


def _choose(chosen: Choice) -> None:
    given = state.widget(_KEY)
    chosen.file = QuestionFile(given.name, bytes(given.getbuffer())) if given else None
