"""What the pages share that look into one collection: the choice of it, and the empty state."""

from __future__ import annotations

import html

import streamlit as st

from rag_app.store import CollectionInfo
from rag_app.ui import state
from rag_app.ui.resources import Resources
from rag_app.ui.state import Key


def choose(shared: Resources) -> CollectionInfo | None:
    """Draws the choice among the collections with passages; None where there is none."""
    by_name = {info.name: info for info in shared.collections() if info.chunks}
    if not by_name:
        return None
    state.choose(Key.COLLECTION, by_name, shared.settings.collection)
    with st.container(key="collection_choice"):
        name = st.selectbox("Collection", list(by_name), **state.mirror(Key.COLLECTION))
    return by_name[name]


def nothing(title: str, text: str) -> None:
    """Draws why there is nothing to see, and the way to the documents."""
    st.html(f'<div class="empty"><b>{html.escape(title)}</b><p>{html.escape(text)}</p></div>')
    if st.button("Add documents", icon=":material/add:", key="add_documents"):
        state.go_to("documents")
