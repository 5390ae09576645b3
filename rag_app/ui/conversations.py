"""What can be done with a conversation as a whole: rename, export, delete."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import streamlit as st

from rag_app.store.messages import ConversationInfo
from rag_app.ui import state
from rag_app.ui.dialogs import deletion, dialog
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources


@dialog("Rename the conversation", icon=":material/edit:")
def rename(shared: Resources, info: ConversationInfo) -> None:
    """Asks for a new title."""
    with st.form("rename", border=False):
        title = st.text_input("Title", value=info.title, max_chars=120)
        if st.form_submit_button("Save", type="primary") and title.strip():
            shared.conversations.rename(info.id, title.strip())
            st.rerun()


@dialog("Export the conversation", icon=":material/download:")
def export(shared: Resources, info: ConversationInfo) -> None:
    """Offers the conversation as a Markdown file."""
    text = shared.conversations.export_markdown(info.id)
    st.write("The questions, the answers and the passages they quote, as one Markdown file.")
    st.code(text[:1200] + ("\n…" if len(text) > 1200 else ""), language="markdown", height=260)
    st.download_button(
        "Download",
        text,
        file_name=file_name(info.title),
        mime="text/markdown",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
        key="download_conversation",
    )


@dialog("Delete the conversation?", icon=":material/delete:")
def delete(shared: Resources, info: ConversationInfo) -> None:
    """Asks before a conversation is deleted."""

    def do() -> None:
        if running := shared.generation(info.id):
            running.stop()
        shared.conversations.delete(info.id)
        if state.conversation() == info.id:
            state.open_conversation(None)

    st.write(f"“{quoted(info.title)}” and its answers will be gone. The documents stay.")
    deletion("conversation", do)


def file_name(title: str) -> str:
    """A file name made of a title."""
    words = re.sub(r"[^\w]+", "-", title).strip("-").lower()
    return f"{words[:60] or 'conversation'}.md"


ACTIONS: Mapping[str, Callable[[Resources, ConversationInfo], None]] = {
    ":material/edit: Rename": rename,
    ":material/download: Export": export,
    ":material/delete: Delete": delete,
}
"""The entries of a conversation's menu."""
