"""Freeing an index that does not answer: what it takes, and the question before it is deleted."""

from __future__ import annotations

import streamlit as st

from rag_app.store import Generations
from rag_app.store.roles import Role
from rag_app.ui import state, wording
from rag_app.ui.markup import quoted
from rag_app.ui.problems import in_plain_words

_AFTER = {
    "former": "You can no longer go back to it at once then; a switch would build it anew.",
    "next": "What was embedded for it stays in the vector cache: beginning again is quicker.",
}


def offer(generations: Generations, role: Role, label: str, key: str) -> None:
    """Draws the button that shows what would be freed, and in it the one that frees it.

    Args:
        generations: Of the collection.
        role: Which index.
        label: Of the first button.
        key: Of the second one.
    """
    index = generations.get(role)
    if index is None:
        return
    size = generations.size(role)
    with st.popover(label, icon=":material/delete:"):
        st.write(
            f"This deletes the index of **{quoted(index.info.embedding.spec)}**: "
            f"{wording.count(size.passages, 'passage')}, about {wording.size(size.bytes)}, which "
            f"new documents will fill again. {_AFTER[role]}"
        )
        with st.container(key=f"confirm_delete_{role}"):
            if st.button("Free it", type="primary", key=key):
                _free(generations, role)


def _free(generations: Generations, role: Role) -> None:
    with in_plain_words():
        size = generations.discard(role)
        state.say(
            f"Freed {wording.count(size.passages, 'passage')} of {generations.name}, about "
            f"{wording.size(size.bytes)}"
        )
        st.rerun()
