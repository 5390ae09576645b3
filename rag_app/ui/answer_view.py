"""A kept answer on the page: its text, its sources, and what the reader thought of it."""

from __future__ import annotations

import html
from collections.abc import Callable

import streamlit as st

from rag_app.store.messages import Feedback, StoredMessage
from rag_app.types import Citation
from rag_app.ui import problems, source_panel, state, why_panel, wording
from rag_app.ui.documents_of import file_name
from rag_app.ui.markup import (
    model_answer,
    quoted,
    shortened,
    verbatim_answer,
    without_heading_marks,
)
from rag_app.ui.problems import in_plain_words
from rag_app.ui.records import AnswerRecord, record_from
from rag_app.ui.resources import EXTRACTIVE, Resources

VERIFIED = ":green[:material/verified:]"
UNVERIFIED = ":orange[:material/help:]"


@st.fragment
def show(
    shared: Resources, message: StoredMessage, question: str, again: Callable[[str], None] | None
) -> None:
    """Draws the answer to ``question``; it reruns by itself when it is clicked on.

    Args:
        shared: What the sessions share.
        message: The answer.
        question: What was asked.
        again: Asks a question; offered when this answer is not a whole one. None when something
            was asked since.
    """
    with in_plain_words():
        _draw(shared, message, question, again)


def _draw(
    shared: Resources, message: StoredMessage, question: str, again: Callable[[str], None] | None
) -> None:
    record = record_from(message.answer or {}, message.text)
    with st.container(key=f"answer_{message.id}", gap="small"):
        _searched_for(record, question)
        _text(record, message.id)
        for notice in record.notices:
            st.caption(f":material/info: {quoted(notice)}")
        if record.citations:
            _cards(shared, record, record.citations, message.id)
        elif record.abstained and record.nearest:
            st.html('<p class="nearest">The passages that came closest</p>')
            _cards(shared, record, record.nearest, message.id)
        if again and (record.error or record.stopped):
            _ask_again(message.id, question, again)
        if not record.error:
            _actions(shared, record, message)
            why_panel.show(shared, record, message.id)


def _searched_for(record: AnswerRecord, question: str) -> None:
    searched = record.searched_for
    if searched and searched.strip() != question.strip():
        st.caption(f":material/search: Searched for: {quoted(searched)}")


def _text(record: AnswerRecord, message_id: int) -> None:
    prefix = f"cite-{message_id}"
    if record.abstained:
        st.html(
            '<div class="abstained"><b>Not in the documents</b>'
            f"<p>{html.escape(record.text)}</p></div>"
        )
    elif record.text:
        as_markdown = verbatim_answer if record.verbatim else model_answer
        st.markdown(as_markdown(record.text, prefix))
    if record.error:
        problems.show(record.error)
    elif record.stopped and not record.text:
        st.caption("Nothing had been written yet.")


def _ask_again(message_id: int, question: str, again: Callable[[str], None]) -> None:
    if st.button("Ask again", icon=":material/refresh:", key=f"again_{message_id}"):
        again(question)
        st.rerun()


def _cards(
    shared: Resources, record: AnswerRecord, citations: tuple[Citation, ...], message_id: int
) -> None:
    with st.grid(2, min_column_width=250, gap="xsmall", key=f"cards_{message_id}"):
        for citation in citations:
            if st.button(
                _card(citation, numbered=bool(record.citations)),
                key=f"cite-{message_id}-{citation.number}",
                width="stretch",
                wrap=True,
            ):
                source_panel.show(shared, record, citation.number)


def _card(citation: Citation, *, numbered: bool) -> str:
    mark = ""
    if numbered:
        mark = VERIFIED if citation.verified else UNVERIFIED
    number = f":primary-badge[{citation.number}] " if numbered else ""
    words = shortened(citation.quote or without_heading_marks(citation.passage), 130)
    place = quoted(source_panel.place(citation))
    # A line break ends the first line of the card; the style sheet makes the rest smaller.
    return f"{number}**{quoted(file_name(citation.source))}** {place} {mark}  \n*{quoted(words)}*"


def _actions(shared: Resources, record: AnswerRecord, message: StoredMessage) -> None:
    given = message.feedback or Feedback(None)
    key = f"thumbs_{message.id}"
    if key not in st.session_state and given.up is not None:
        st.session_state[key] = int(given.up)
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xsmall", key=f"actions_{message.id}"
    ):
        st.feedback(
            "thumbs", key=key, on_change=problems.callback(_keep_thumb), args=(shared, message.id)
        )
        if st.session_state.get(key) is not None:
            with st.popover(
                "Comment kept" if _comment(message, given) else "Add a comment",
                icon=":material/chat_bubble:",
                type="tertiary",
                key=f"comment_popover_{message.id}",
            ):
                _comment_form(shared, message, given)
        st.space("stretch")
        if record.searched_for:
            why_panel.button(message.id)
        with st.popover("", icon=":material/info:", type="tertiary", help="How it was answered"):
            st.html(_how(record))


def _comment(message: StoredMessage, given: Feedback) -> str:
    kept = state.widget(f"kept_comment_{message.id}")
    return given.comment if kept is None else str(kept)


def _comment_form(shared: Resources, message: StoredMessage, given: Feedback) -> None:
    with st.form(f"comment_form_{message.id}", border=False):
        comment = st.text_area(
            "What was good or wrong?",
            value=_comment(message, given),
            max_chars=2000,
            key=f"comment_{message.id}",
        )
        if st.form_submit_button("Keep the comment"):
            _keep(shared, message.id, (comment or "").strip())
            st.rerun(scope="fragment")


def _keep_thumb(shared: Resources, message_id: int) -> None:
    kept = state.widget(f"kept_comment_{message_id}")
    _keep(shared, message_id, str(kept or state.widget(f"comment_{message_id}") or ""))


def _keep(shared: Resources, message_id: int, comment: str) -> None:
    thumb = state.widget(f"thumbs_{message_id}")
    shared.conversations.give_feedback(message_id, None if thumb is None else bool(thumb), comment)
    st.session_state[f"kept_comment_{message_id}"] = comment


def _how(record: AnswerRecord) -> str:
    timings = record.timings or {}
    rows = {
        "Answered by": "quotation, no language model" if record.llm == EXTRACTIVE else record.llm,
        "Searched with": record.embedding,
        "Collection": record.collection,
    } | {
        stage.replace("_", " ").capitalize(): wording.seconds(seconds)
        for stage, seconds in timings.items()
        if seconds >= 0.05
    }
    shown = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>"
        for name, value in rows.items()
        if value
    )
    return f'<dl class="how">{shown}</dl>'
