"""What can be done with a collection as a whole: make one, rename it, delete it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from rag_app.errors import StoreBusyError, UsageError
from rag_app.evaluation.kept import forget_kept, move_kept
from rag_app.ui import state, switch_dialog, wording
from rag_app.ui.dialogs import deletion, dialog
from rag_app.ui.markup import quoted
from rag_app.ui.problems import in_plain_words
from rag_app.ui.resources import Resources
from rag_app.ui.state import Key
from rag_app.ui.switch_work import switches

LONGEST_NAME = 60


@dialog("New collection", icon=":material/create_new_folder:")
def create(shared: Resources) -> None:
    """Asks for a name and an embedding model."""
    from rag_app.embeddings import list_models

    st.caption("A collection is searched on its own. Its embedding model can be changed later.")
    models = {status.spec: status for status in list_models(shared.settings)}
    # A spec in capitals is a pattern, such as openai:NAME; it is typed, not chosen.
    ready = [spec for spec, status in models.items() if status.state == "ready" and spec.islower()]
    name = st.text_input(
        "Name", placeholder="handbooks", key="collection_name", max_chars=LONGEST_NAME
    )
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
        with in_plain_words(), st.spinner(f"Loading {quoted(spec)}"):
            shared.create_collection(_given(name), spec)
            state.put(Key.COLLECTION, _given(name))
            st.rerun()


@dialog("Rename the collection", icon=":material/edit:")
def rename(shared: Resources, name: str) -> None:
    """Asks for a new name."""
    with st.form("rename_collection", border=False):
        new = st.text_input("Name", value=name, max_chars=LONGEST_NAME)
        saved = st.form_submit_button("Save", type="primary")
    if saved:
        with in_plain_words():
            _rename(shared, name, _given(new))
            st.rerun()


def _rename(shared: Resources, name: str, new: str) -> None:
    if new == name:
        return
    _leave_work_alone(shared, name)
    shared.store.rename(name, new)
    move_kept(shared.settings, name, new)
    state.put(Key.COLLECTION, new)


@dialog("Delete the collection?", icon=":material/delete:")
def delete(shared: Resources, name: str) -> None:
    """Asks before a collection is deleted."""

    def do() -> None:
        _leave_work_alone(shared, name)
        shared.store.delete(name)
        forget_kept(shared.settings, name)
        state.say(f"The collection {name} was deleted")

    info = shared.store.get(name).info
    st.write(
        f"**{quoted(name)}** with {wording.count(info.documents, 'document')} will be gone, and "
        "the files uploaded into it. Files that were read in from your folders stay."
    )
    deletion("collection", do)


def _given(name: str | None) -> str:
    given = (name or "").strip()
    if not given:
        raise UsageError("A collection needs a name. Type one, for example: handbooks")
    return given


def _leave_work_alone(shared: Resources, name: str) -> None:
    """An upload finds its files by the name of the collection, a switch its documents."""
    if switches().running(name) is not None:
        raise StoreBusyError(
            f"The embedding model of {name} is being changed just now. Wait until that is done, or "
            "cancel it."
        )
    if shared.uploading(name):
        raise StoreBusyError(f"Files are being read into {name} just now. Wait until that is done.")


ACTIONS: Mapping[str, Callable[[Resources, str], None]] = {
    ":material/swap_horiz: Embedding model…": switch_dialog.show,
    ":material/edit: Rename": rename,
    ":material/delete: Delete": delete,
}
"""The entries of a collection's menu."""
