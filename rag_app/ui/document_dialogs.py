"""What can be done with one document: look at its passages, read it in again, delete it."""

from __future__ import annotations

import html
from pathlib import Path

import streamlit as st

from ingest.load.members import leads_to_file, outer_archive
from rag_app.errors import RagError
from rag_app.store.belongings import uploads_folder
from rag_app.types import DocumentRecord, page_name
from rag_app.ui import pdf_password, problems, state, style, wording
from rag_app.ui.dialogs import deletion, dialog
from rag_app.ui.markup import marked_passage, quoted
from rag_app.ui.resources import Resources
from rag_app.ui.upload import UploadJob

PER_PAGE = 10


@dialog("Passages", width=620, position="right", icon=":material/format_list_numbered:")
def passages(shared: Resources, collection: str, record: DocumentRecord) -> None:
    """Shows the passages that a document was split into."""
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
                page_name(chunk.page, chunk.label) if record.paginated else "",
                " › ".join(chunk.headings),
                wording.count(chunk.tokens, "token"),
                "cut short: longer than the model reads" if chunk.truncated else "",
            )
            + f'<blockquote class="passage">{marked_passage(chunk.text, "")}</blockquote>'
        )


def read_again(shared: Resources, collection: str, record: DocumentRecord) -> None:
    """Reads a document in again, from the first of its files that is still there."""
    path = next((Path(source) for source in record.sources if leads_to_file(source)), None)
    if path is None:
        raise RagError(
            f"{record.name} cannot be read in again: there is no file at {record.source} any more. "
            "Upload it, or bring the file back."
        )
    password = pdf_password.fitting(path, shared.settings)
    if password is None:
        _unlock(shared, collection, path)
    else:
        _start(shared, collection, path, password)


@dialog("A password is needed", icon=":material/lock:")
def _unlock(shared: Resources, collection: str, path: Path) -> None:
    st.write(f"**{quoted(path.name)}** is protected. Its password is kept nowhere.")
    password = pdf_password.form("again", "Read in again")
    if not password:
        return
    if pdf_password.needed(path, password):
        problems.show(f"This password does not open {path.name}. Type it again.")
    else:
        _start(shared, collection, path, password)


def _start(shared: Resources, collection: str, path: Path, password: str) -> None:
    settings = shared.settings.override(pdf_password=password) if password else shared.settings
    shared.dismiss_finished(collection)
    shared.start_upload(UploadJob(settings, collection, [path], again=True))
    st.rerun()


@dialog("Delete the document?", icon=":material/delete:")
def delete(shared: Resources, collection: str, record: DocumentRecord) -> None:
    """Asks before a document is deleted."""

    def do() -> None:
        with shared.store.get(collection).writer(shared.settings.lock_wait_s) as writer:
            writer.delete(record.id)
        for path in uploaded:
            path.unlink(missing_ok=True)
        state.say(f"{record.name} was deleted")

    uploads = uploads_folder(shared.settings.home)
    # An uploaded archive stays: other documents are in it.
    uploaded = [
        Path(path)
        for path in record.sources
        if Path(path).is_relative_to(uploads) and not outer_archive(Path(path))
    ]
    own = len(record.sources) - len(uploaded)
    st.write(
        f"**{quoted(record.name)}** and its {wording.count(record.chunks, 'passage')} will no "
        "longer be searched."
        + (" The uploaded file is deleted, too." if uploaded else "")
        + (" Your own file stays where it is." if own else "")
    )
    deletion("document", do)
