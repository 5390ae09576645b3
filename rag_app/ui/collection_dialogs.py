"""What can be done with a collection as a whole: make one, rename it, delete it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping

import streamlit as st

from rag_app.ui import state, wording
from rag_app.ui.markup import quoted
from rag_app.ui.problems import in_plain_words
from rag_app.ui.resources import Resources
from rag_app.ui.state import Key
from rag_app.ui.upload import folder_of, move_uploads


@st.dialog("New collection", icon=":material/create_new_folder:")
def create(shared: Resources) -> None:
    """Asks for a name and an embedding model."""
    from rag_app.embeddings import list_models

    st.caption(
        "A collection is searched on its own. It keeps the embedding model that it is made with."
    )
    models = {status.spec: status for status in list_models(shared.settings)}
    ready = [spec for spec, status in models.items() if status.state == "ready" and spec.islower()]
    name = st.text_input("Name", placeholder="handbooks", key="collection_name", max_chars=60)
    spec = st.selectbox(
        "Embedding model",
        ready,
        accept_new_options=True,
        key="collection_model",
        help="Type any model as provider:model, for example sentence-transformers:NAME.",
    )
    if spec in models and models[spec].note:
        st.caption(models[spec].note)
    if (destination := shared.embedding_destination(spec)) is not None:
        st.warning(
            f"The text of every document in this collection is sent to **{destination}**.",
            icon=":material/cloud_upload:",
        )
    if st.button("Create", type="primary", key="create_collection"):
        with in_plain_words(), st.spinner(f"Loading {spec}"):
            shared.create_collection(name.strip(), spec)
            state.put(Key.COLLECTION, name.strip())
            st.rerun()


@st.dialog("Rename the collection", icon=":material/edit:")
def rename(shared: Resources, name: str) -> None:
    """Asks for a new name."""
    with st.form("rename_collection", border=False):
        new = (st.text_input("Name", value=name, max_chars=60) or "").strip()
        if st.form_submit_button("Save", type="primary") and new and new != name:
            with in_plain_words():
                shared.store.rename(name, new)
                move_uploads(shared.store, shared.settings, name, new)
                state.put(Key.COLLECTION, new)
                st.rerun()


@st.dialog("Delete the collection?", icon=":material/delete:")
def delete(shared: Resources, name: str) -> None:
    """Asks before a collection is deleted."""
    info = shared.store.get(name).info
    st.write(
        f"**{quoted(name)}** with {wording.count(info.documents, 'document')} will be gone, and "
        "the files uploaded into it. Files that were read in from your folders stay."
    )
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", key="confirm_delete_collection"):
            with in_plain_words(), st.spinner("Deleting"):
                shared.store.delete(name)
                shutil.rmtree(folder_of(shared.settings, name), ignore_errors=True)
                state.say(f"The collection {name} was deleted")
                st.rerun()
        if st.button("Keep it"):
            st.rerun()


ACTIONS: Mapping[str, Callable[[Resources, str], None]] = {
    ":material/edit: Rename": rename,
    ":material/delete: Delete": delete,
}
"""The entries of a collection's menu."""
