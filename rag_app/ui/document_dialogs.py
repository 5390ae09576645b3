"""What can be done with one document: look at its passages, read it in again, delete it."""

from __future__ import annotations

import html
from pathlib import Path

import streamlit as st

from rag_app.types import DocumentRecord
from rag_app.ui import state, style, wording
from rag_app.ui.markup import quoted
from rag_app.ui.problems import in_plain_words
from rag_app.ui.resources import Resources
from rag_app.ui.upload import UploadJob, uploads_folder

PER_PAGE = 10


def passages(shared: Resources, collection: str, record: DocumentRecord) -> None:
    """Opens the panel with the passages that a document was split into."""

    def draw() -> None:
        with in_plain_words():
            _passages(shared, collection, record)

    st.dialog("Passages", width=620, position="right", icon=":material/format_list_numbered:")(
        draw
    )()


def _passages(shared: Resources, collection: str, record: DocumentRecord) -> None:
    chunks = shared.store.get(collection).chunks(record.id)
    st.html(
        f'<h3 class="source-name">{html.escape(record.name)}</h3>'
        + style.facts(
            wording.count(len(chunks), "passage"),
            wording.count(record.characters, "character"),
            record.source,
        )
    )
    pages = -(-len(chunks) // PER_PAGE)
    number = st.pagination(pages, key=f"passage_page_{record.id[:12]}") if pages > 1 else 1
    for chunk in chunks[(number - 1) * PER_PAGE : number * PER_PAGE]:
        st.html(
            style.facts(
                f"{chunk.ordinal + 1}",
                f"page {chunk.page}" if record.paginated else "",
                " › ".join(chunk.headings),
                wording.count(chunk.tokens, "token"),
                "cut short: longer than the model reads" if chunk.truncated else "",
            )
            + f'<blockquote class="passage">{html.escape(chunk.text)}</blockquote>'
        )


def read_again(shared: Resources, collection: str, record: DocumentRecord) -> None:
    """Reads a document in again, from the first of its files that is still there."""
    path = next((Path(source) for source in record.sources if Path(source).is_file()), None)
    if path is None:
        state.complain(
            f"{record.name} cannot be read in again: there is no file at {record.source} any more. "
            "Upload it, or bring the file back."
        )
    else:
        shared.start_upload(UploadJob(shared.settings, collection, [path], again=True))
    st.rerun()


@st.dialog("Delete the document?", icon=":material/delete:")
def delete(shared: Resources, collection: str, record: DocumentRecord) -> None:
    """Asks before a document is deleted."""
    uploads = uploads_folder(shared.settings)
    uploaded = [Path(path) for path in record.sources if Path(path).is_relative_to(uploads)]
    own = len(record.sources) - len(uploaded)
    st.write(
        f"**{quoted(record.name)}** and its {wording.count(record.chunks, 'passage')} will no "
        "longer be searched."
        + (" The uploaded file is deleted, too." if uploaded else "")
        + (" Your own file stays where it is." if own else "")
    )
    with st.container(horizontal=True):
        if st.button("Delete", type="primary", key="confirm_delete_document"):
            with in_plain_words():
                with (
                    st.spinner("Deleting"),
                    shared.store.get(collection).writer(shared.settings.lock_wait_s) as writer,
                ):
                    writer.delete(record.id)
                for path in uploaded:
                    path.unlink(missing_ok=True)
                state.say(f"{record.name} was deleted")
                st.rerun()
        if st.button("Keep it"):
            st.rerun()
