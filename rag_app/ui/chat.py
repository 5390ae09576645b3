"""The page with the questions and answers."""

from __future__ import annotations

import html
import time
from collections.abc import Sequence

import streamlit as st

from rag_app.store.messages import StoredMessage
from rag_app.ui import answer_view, ask_bar, scope, state, style, suggestions, wording
from rag_app.ui.generation import Generation
from rag_app.ui.markup import model_answer, quoted, verbatim_answer
from rag_app.ui.problems import callback
from rag_app.ui.resources import EXTRACTIVE, Asking, Resources, resources

FRAME_S = 0.08
"""Seconds between two looks at a growing answer; also how long a click on Stop may wait."""

HELD_S = 0.4
"""The longest time without a message to the browser; messages are where a run can be left."""


def page() -> None:
    """Draws the page."""
    shared = resources()
    filled = [info for info in shared.collections() if info.documents]
    if not filled:
        _welcome()
        return
    conversation_id = state.conversation()
    running = shared.generation(conversation_id)
    ask_bar.show(shared, filled, running, _submit)
    messages = shared.conversations.messages(conversation_id) if conversation_id else []
    if not messages:
        _invite(shared)
    else:
        _say_if_gone(shared, conversation_id, [info.name for info in filled])
    _transcript(shared, messages, running)


def _say_if_gone(shared: Resources, conversation_id: int | None, there: Sequence[str]) -> None:
    """Tells that a conversation goes on with another collection than it was begun with."""
    begun = shared.conversations.get(conversation_id).collection if conversation_id else ""
    if begun and begun not in there:
        st.info(
            f"This conversation was with the collection {quoted(begun)}, which is no longer there. "
            f"What you ask now is asked of **{quoted(state.get(state.Key.COLLECTION))}**.",
            icon=":material/info:",
        )


@callback
def ask(question: str) -> None:
    """Asks ``question`` in the conversation on the page, with what is chosen there."""
    shared = resources()
    if not question.strip():
        return
    conversation_id = state.conversation()
    if shared.generation(conversation_id):
        return
    asking = Asking(
        question=question.strip(),
        collection=state.get(state.Key.COLLECTION),
        llm=state.get(state.Key.ANSWERER),
        k=state.get(state.Key.PASSAGES),
        where=scope.where(),
        limits=tuple(scope.limits(shared.store.get(state.get(state.Key.COLLECTION)).documents())),
    )
    if conversation_id is None:
        conversation_id = shared.conversations.create(asking.collection)
        state.open_conversation(conversation_id)
    shared.ask(conversation_id, asking)


def _submit() -> None:
    ask(state.widget(state.Key.QUESTION) or "")


def _welcome() -> None:
    style.hero(
        style.PRODUCT,
        "Add your documents, then ask in your own words. " + style.PROMISE,
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        if st.button(
            "Add documents", type="primary", icon=":material/upload_file:", key="to_documents"
        ):
            state.go_to("documents")
    st.html(
        '<div class="steps">'
        "<div><b>Add</b><p>Drop files in. They are read, split into passages and indexed "
        "on this machine.</p></div>"
        "<div><b>Ask</b><p>Answers stream in with numbered sources. When the documents do not "
        "tell, you are told so.</p></div>"
        "<div><b>Check</b><p>Open a source to see the passage, and the page of the PDF with the "
        "quotation marked on it.</p></div></div>"
    )


def _invite(shared: Resources) -> None:
    info = shared.store.get(state.get(state.Key.COLLECTION)).info
    style.hero(
        "What would you like to know?",
        f"{wording.count(info.documents, 'document')} in the collection “{info.name}” "
        f"{'is' if info.documents == 1 else 'are'} ready for your questions.",
    )
    with st.grid(2, min_column_width=260, gap="small", key="suggestions"):
        for number, question in enumerate(suggestions.for_collection(shared, info.name)):
            st.button(
                question,
                key=f"suggestion_{number}",
                on_click=ask,
                args=(question,),
                width="stretch",
                wrap=True,
                icon=":material/arrow_outward:",
                icon_position="right",
            )


def _transcript(
    shared: Resources, messages: Sequence[StoredMessage], running: Generation | None
) -> None:
    """Draws questions with their answers; the last may still be on its way."""
    question, last = "", messages[-1].id if messages else None
    turn = st.container()
    for message in messages:
        if message.role == "user":
            question = message.text
            turn = st.container(key=f"turn_{message.id}")
            # The script in ``style`` scrolls to the last question whenever it is another one.
            turn.html(f'<h2 class="question" data-turn="{message.id}">{html.escape(question)}</h2>')
        else:
            with turn:
                answer_view.show(shared, message, question, ask if message.id == last else None)
    if running:
        with turn:
            _follow(running)
        if running.unsaved:
            state.complain(running.unsaved)
        state.draw_again()


def _follow(running: Generation) -> None:
    """Shows an answer as it is written, until it is there."""
    place = st.empty()
    shown, last = None, 0.0
    while not running.finished.wait(FRAME_S):
        text = running.text
        now = time.monotonic()
        if text == shown and now - last < HELD_S:
            continue
        shown, last = text, now
        if text:
            as_markdown = verbatim_answer if running.llm == EXTRACTIVE else model_answer
            place.markdown(as_markdown(text, "cite-now") + " ▍")
        else:
            place.html(_waiting(now - running.started, running.llm))


def _waiting(passed: float, llm: str) -> str:
    doing = "Searching the documents"
    if passed > 2:
        doing = (
            "Loading the search models; only the first question waits for this"
            if llm == EXTRACTIVE
            else f"Waiting for {llm} to write"
        )
    clock = f" · {wording.seconds(passed)}" if passed > 2 else ""
    return f'<p class="waiting"><span></span>{html.escape(doing + clock)}</p>'
