"""The sidebar: a new chat, and the conversations that were kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from rag_app.store import ConversationInfo
from rag_app.ui import conversations, state, wording
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources

SHOWN = 30
"""Conversations listed at once; the search box finds the others."""


def show(shared: Resources, page: StreamlitPage) -> None:
    """Draws the sidebar beside ``page``."""
    with st.sidebar:
        if st.button(
            "New chat", icon=":material/edit_square:", width="stretch", key="new_chat", type="primary"
        ):
            _go(None)
        _list(shared, page)


def _list(shared: Resources, page: StreamlitPage) -> None:
    kept = [info for info in shared.conversations.list() if info.messages]
    if not kept:
        st.html('<p class="side-empty">Conversations are kept here.</p>')
        return
    wanted = ""
    if len(kept) > SHOWN:
        wanted = st.text_input(
            "Find a conversation", placeholder="Find a conversation", label_visibility="collapsed"
        ).casefold()
    chosen = [info for info in kept if wanted in info.title.casefold()][:SHOWN]
    for heading, group in _by_age(chosen):
        st.html(f'<p class="side-heading">{heading}</p>')
        with st.container(gap=None):
            for info in group:
                _row(shared, info)
    if not chosen:
        st.html('<p class="side-empty">No conversation has this in its title.</p>')


def _row(shared: Resources, info: ConversationInfo) -> None:
    current = info.id == state.conversation()
    with st.container(
        horizontal=True,
        vertical_alignment="center",
        gap=None,
        wrap=False,
        key=f"row{'_current' if current else ''}_{info.id}",
    ):
        if st.button(
            quoted(info.title), key=f"open_{info.id}", type="tertiary", width="stretch"
        ):
            _go(info.id)
        action = st.menu_button(
            "",
            list(conversations.ACTIONS),
            key=f"menu_{info.id}",
            icon=":material/more_horiz:",
            type="tertiary",
            help="Rename, export or delete",
        )
    if action:
        conversations.ACTIONS[action](shared, info)


def _go(conversation_id: int | None) -> None:
    from rag_app.ui import chat  # noqa: PLC0415 - the pages import this module's neighbours

    state.open_conversation(conversation_id)
    st.switch_page(st.Page(chat.page, url_path="chat", default=True))


def _by_age(
    infos: Sequence[ConversationInfo],
) -> list[tuple[str, list[ConversationInfo]]]:
    today = datetime.now(UTC).astimezone(wording.zone()).date()
    groups: dict[str, list[ConversationInfo]] = {}
    for info in infos:
        day = info.updated_at.astimezone(wording.zone()).date()
        if day >= today:
            name = "Today"
        elif day >= today - timedelta(days=7):
            name = "This week"
        else:
            name = "Earlier"
        groups.setdefault(name, []).append(info)
    return list(groups.items())
