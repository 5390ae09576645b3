"""The page with the documents: adding them, looking at them, deleting them."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from rag_app.store import CollectionInfo
from rag_app.types import DocumentRecord, FileOutcome
from rag_app.ui import (
    collection_dialogs,
    document_dialogs,
    document_facts,
    left_out,
    state,
    style,
    switch_progress,
    upload_view,
    wording,
)
from rag_app.ui.problems import in_plain_words
from rag_app.ui.resources import Resources, resources
from rag_app.ui.state import Key

PER_PAGE = 20
ACTIONS: Mapping[str, Callable[[Resources, str, DocumentRecord], None]] = {
    ":material/format_list_numbered: Passages": document_dialogs.passages,
    ":material/refresh: Read in again": document_dialogs.read_again,
    ":material/delete: Delete": document_dialogs.delete,
}
"""The entries of a document's menu."""


def page() -> None:
    """Draws the page."""
    shared = resources()
    style.page_heading("Documents", "What your questions are answered from.")
    infos = shared.collections()
    name = _collection_bar(shared, infos)
    running = upload_view.show(shared, name)
    info = next((info for info in infos if info.name == name), None)
    _privacy(shared, info)
    if info:
        switch_progress.show(shared, info)
    if not running:
        left_out.show(shared, name)
    records = shared.store.get(name).documents() if info else []
    if info and records:
        _summary(info)
        _list(shared, name, records)
    elif not running:
        st.html(
            '<div class="empty"><b>No documents here yet</b><p>Drop files above, or read in whole '
            "folders from a terminal: <code>ingest FOLDER"
            + ("" if name == "default" else f" --collection {html.escape(name)}")
            + "</code></p></div>"
        )
    if running:
        upload_view.follow(running)


def _collection_bar(shared: Resources, infos: Sequence[CollectionInfo]) -> str:
    names = [info.name for info in infos] or [shared.settings.collection]
    name = str(state.choose(Key.COLLECTION, names, shared.settings.collection))
    with st.container(horizontal=True, vertical_alignment="bottom", key="collection_bar"):
        st.selectbox("Collection", names, **state.mirror(Key.COLLECTION))
        if st.button("New", icon=":material/add:", key="new_collection", help="New collection"):
            collection_dialogs.create(shared)
        if infos:
            action = st.menu_button(
                "",
                list(collection_dialogs.ACTIONS),
                icon=":material/more_horiz:",
                key="collection_menu",
                help="Embedding model, rename, delete",
            )
            if action:
                collection_dialogs.ACTIONS[action](shared, name)
    return name


def _privacy(shared: Resources, info: CollectionInfo | None) -> None:
    configured = shared.settings.embedding
    spec = info.embedding.spec if info else configured
    if destination := shared.embedding_destination(spec):
        st.warning(
            f"The text of documents added here is sent to **{destination}** to be embedded.",
            icon=":material/cloud_upload:",
        )


def _summary(info: CollectionInfo) -> None:
    chunking = info.chunking
    st.html(
        style.facts(
            wording.count(info.documents, "document"),
            wording.count(info.chunks, "passage"),
            f"up to {chunking.size} tokens each",
            f"embedded with {info.embedding.spec}",
        )
    )


def _list(shared: Resources, name: str, records: Sequence[DocumentRecord]) -> None:
    wanted = ""
    if len(records) > 6:
        wanted = st.text_input(
            "Find a document",
            placeholder="Find a document by name",
            label_visibility="collapsed",
            key=Key.DOCUMENT_FILTER,
            icon=":material/search:",
        )
    shown = [
        r for r in records if (wanted or "").casefold() in (r.source + (r.title or "")).casefold()
    ]
    number = 1
    pages = -(-len(shown) // PER_PAGE)
    place = st.container(gap=None, key="document_list")
    if pages > 1:
        number = min(st.pagination(pages, key=Key.DOCUMENT_PAGE), pages)
    with place:
        if not shown:
            st.caption("No document has this in its name.")
        drawn = shown[(number - 1) * PER_PAGE : number * PER_PAGE]
        outcomes = document_facts.last_outcomes(shared, name, drawn)
        for record in drawn:
            _row(shared, name, record, outcomes[record.id])
    document_facts.downloads(shared, name)


def _row(shared: Resources, name: str, record: DocumentRecord, outcome: FileOutcome) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", wrap=False, key=f"doc_{record.id[:16]}"
    ):
        with st.container(gap=None):
            st.html(
                f'<div class="document"><b>{html.escape(record.name)}</b>{_status(record)}</div>'
                + style.facts(
                    wording.kind(record.media_type),
                    wording.count(record.pages, "page") if record.paginated else "",
                    wording.count(record.chunks, "passage"),
                    wording.size(record.size_bytes),
                    *document_facts.facts(outcome),
                    f"added {wording.when(record.added_at)}",
                )
                + document_facts.warnings(outcome)
                + (_also(record) if len(record.sources) > 1 else "")
            )
        action = st.menu_button(
            "",
            list(ACTIONS),
            key=f"doc_menu_{record.id[:16]}",
            icon=":material/more_horiz:",
            type="tertiary",
            help="Passages, read in again, delete",
        )
    if action:
        with in_plain_words():
            ACTIONS[action](shared, name, record)


def _status(record: DocumentRecord) -> str:
    if record.truncated_chunks:
        cut = wording.count(record.truncated_chunks, "passage")
        return f'<em class="chip warn">{cut} cut short</em>'
    if not record.chunks:
        return '<em class="chip warn">no text</em>'
    return '<em class="chip">ready</em>'


def _also(record: DocumentRecord) -> str:
    others = wording.count(len(record.sources) - 1, "other path")
    return f'<div class="facts"><span>the same content under {others}</span></div>'
