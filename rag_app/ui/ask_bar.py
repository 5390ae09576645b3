"""Where questions are typed, with what they are asked of, and where text would go."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import streamlit as st

from rag_app.errors import RagError
from rag_app.store import CollectionInfo
from rag_app.ui import scope, state
from rag_app.ui.generation import Generation
from rag_app.ui.resources import EXTRACTIVE, Resources
from rag_app.ui.state import Key

EXPLAINED = {
    EXTRACTIVE: "No language model: the answer is made of sentences from your documents, quoted "
    "word for word. It is fast, works without a network and cannot invent anything."
}
OTHER = (
    "A language model writes the answer from the passages found, in its own words. "
    "Type any model as provider:model, for example openai:gpt-4o-mini or ollama:llama3.2."
)

MOST_PASSAGES = 20
"""End of the slider; the setting can be beyond it."""


def show(
    shared: Resources,
    filled: Sequence[CollectionInfo],
    running: Generation | None,
    submit: Callable[[], None],
) -> None:
    """Draws the bar at the foot of the page."""
    settings = shared.settings
    state.choose(Key.COLLECTION, [info.name for info in filled], settings.collection)
    for key, value in ((Key.ANSWERER, settings.llm), (Key.PASSAGES, settings.top_k)):
        if state.get(key) is None:
            state.put(key, value)
    with st.bottom:
        with st.container(
            horizontal=True, vertical_alignment="center", gap="xsmall", key="ask_options"
        ):
            records = scope.popover(shared, filled)
            _answering(settings.llm)
            if running:
                st.space("stretch")
                st.button("Stop", icon=":material/stop_circle:", key="stop", on_click=running.stop)
        scope.chips(records)
        st.chat_input(
            "Writing the answer …" if running else "Ask a question about your documents",
            key=Key.QUESTION,
            on_submit=submit,
            disabled=running is not None,
            max_chars=4000,
        )
        _privacy(shared)


def _answering(configured: str) -> None:
    llm, k = state.get(Key.ANSWERER), state.get(Key.PASSAGES)
    label = "Quotations" if llm == EXTRACTIVE else llm
    with st.popover(f"{label} · {k}", icon=":material/tune:", type="tertiary"):
        st.selectbox(
            "Who answers",
            list(dict.fromkeys((EXTRACTIVE, configured, llm))),
            format_func=_named,
            accept_new_options=True,
            **state.mirror(Key.ANSWERER),
        )
        st.caption(EXPLAINED.get(llm, OTHER))
        if llm == EXTRACTIVE:
            st.caption(OTHER)
        st.slider(
            "Passages an answer may rest on",
            1,
            max(MOST_PASSAGES, state.get(Key.PASSAGES)),
            help="More passages find more, and take a language model longer.",
            **state.mirror(Key.PASSAGES),
        )


def _named(llm: str) -> str:
    return "Quotations, no language model (extractive)" if llm == EXTRACTIVE else llm


def _privacy(shared: Resources) -> None:
    try:
        destination = shared.destination(state.get(Key.COLLECTION), state.get(Key.ANSWERER))
    except RagError as error:
        st.html(f'<p class="privacy remote">{html.escape(str(error))}</p>')
        return
    if destination:
        st.warning(
            f"Your questions and the passages found for them are sent to **{destination}**.",
            icon=":material/cloud_upload:",
        )
    else:
        st.html('<p class="privacy">Nothing you ask leaves this machine.</p>')
