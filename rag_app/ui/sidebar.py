"""The sidebar: a new chat, and the conversations that were kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from rag_app.store.messages import ConversationInfo
from rag_app.ui import conversations, state, wording
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources
from rag_app.ui.state import Key

SHOWN = 30
"""Conversations listed at once; the search box finds the others."""


def show(shared: Resources) -> None:
    """Draws the sidebar."""
    with st.sidebar:
        if st.button("New chat", icon=":material/edit_square:", width="stretch", key="new_chat"):
            _go(None)
        chosen = _list(shared)
    if chosen:  # a dialog cannot be opened from within the sidebar
        action, info = chosen
        conversations.ACTIONS[action](shared, info)


def _list(shared: Resources) -> tuple[str, ConversationInfo] | None:
    kept = [info for info in shared.conversations.list() if info.messages]
    if not kept:
        st.html('<p class="side-empty">Your conversations will be kept here.</p>')
        return None
    wanted = ""
    if len(kept) > SHOWN:
        wanted = st.text_input(
            "Find a conversation", placeholder="Find a conversation", label_visibility="collapsed"
        ).casefold()
    found = [info for info in kept if wanted in info.title.casefold()][:SHOWN]
    if not found:
        st.html('<p class="side-empty">No conversation has this in its title.</p>')
    action = None
    for heading, group in _by_age(found):
        st.html(f'<p class="side-heading">{heading}</p>')
        with st.container(gap=None, key=f"group_{heading.split()[-1].lower()}"):
            for info in group:
                action = _row(info) or action
    return action


def _row(info: ConversationInfo) -> tuple[str, ConversationInfo] | None:
    current = info.id == state.conversation()
    with st.container(
        horizontal=True,
        vertical_alignment="center",
        gap=None,
        wrap=False,
        key=f"row{'_current' if current else ''}_{info.id}",
    ):
        if st.button(
            quoted(info.title), key=f"open_{info.id}", type="tertiary", width="stretch", wrap=False
        ):
            state.put(Key.COLLECTION, info.collection)  # the page checks that it is still there
            _go(info.id)
        action = st.menu_button(
            "",
            list(conversations.ACTIONS),
            key=f"menu_{info.id}",
            icon=":material/more_horiz:",
            type="tertiary",
            help="Rename, export or delete",
        )
    return (action, info) if action else None


def _go(conversation_id: int | None) -> None:
    state.open_conversation(conversation_id)
    state.go_to("chat")


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
