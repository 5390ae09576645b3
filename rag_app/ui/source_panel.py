"""The panel at the side with one source: its passage, and its page with the quotation marked."""

from __future__ import annotations

import html
from contextlib import suppress
from pathlib import Path

import streamlit as st

from rag_app.errors import DocumentError, RagError
from rag_app.types import Citation, page_name
from rag_app.types.media import PAGINATED, PRINTED
from rag_app.ui import pdf_password, state, style
from rag_app.ui.dialogs import dialog
from rag_app.ui.documents_of import file_name, unchanged_file
from rag_app.ui.markup import marked_passage, quoted
from rag_app.ui.records import AnswerRecord
from rag_app.ui.resources import Resources
from rag_app.ui.state import Key


def place(citation: Citation) -> str:
    """Where in its document a passage stands, for people: a page, if it has pages."""
    return page_name(citation.page, citation.label) if _is_paginated(citation) else ""


def _is_paginated(citation: Citation) -> bool:
    from ingest.load import format_of

    with suppress(DocumentError):  # a type that an earlier version read in
        return format_of(Path(citation.source)).media_type in PAGINATED
    return False


def _can_be_drawn(citation: Citation) -> bool:
    from ingest.load import format_of

    with suppress(DocumentError):
        return format_of(Path(citation.source)).media_type in PRINTED
    return False


def show(shared: Resources, record: AnswerRecord, number: int) -> None:
    """Opens the panel at the source with this number."""
    # Not as the default of the control, which would keep what was chosen the last time.
    state.put(Key.SOURCE, number)
    _panel(shared, record)


@dialog("Source", width=620, position="right", icon=":material/format_quote:")
def _panel(shared: Resources, record: AnswerRecord) -> None:
    passages = {citation.number: citation for citation in record.passages}
    if len(passages) > 1:
        st.segmented_control(
            "Source", list(passages), required=True, label_visibility="collapsed", key=Key.SOURCE
        )
    citation = passages.get(state.get(Key.SOURCE), record.passages[0])
    st.html(
        f'<h3 class="source-name">{html.escape(file_name(citation.source))}</h3>'
        + style.facts(place(citation), " › ".join(citation.headings))
    )
    if record.citations:
        _verdict(citation)
    st.html(
        '<blockquote class="passage">'
        + marked_passage(citation.passage or citation.quote, citation.quote)
        + "</blockquote>"
    )
    if _can_be_drawn(citation):
        _page(shared, record.collection, citation)
    if len(citation.sources) > 1:
        others = ", ".join(citation.sources[1:])
        st.caption(f"The same content is also in: {quoted(others)}")


def _verdict(citation: Citation) -> None:
    if citation.verified:
        st.badge("Found word for word", icon=":material/verified:", color="green")
    else:
        st.badge("Not found word for word: check it", icon=":material/help:", color="orange")


def _page(shared: Resources, collection: str, citation: Citation) -> None:
    path = unchanged_file(_sources(shared, collection, citation), citation.document_id)
    if path is None:
        st.caption(
            ":material/find_in_page: The file is no longer where it was, or has changed since it "
            "was read in; so its page cannot be shown."
        )
        return
    password = pdf_password.fitting(path, shared.settings)
    if password is None:
        st.caption(":material/lock: The file is protected. Its password shows the page.")
        password = pdf_password.form("of_page", "Show")
        if not password:
            return
    try:
        with st.skeleton(height=420):
            image, found = _render(
                str(path),
                citation.document_id,
                citation.page,
                citation.quote or citation.passage,
                password or None,
            )
    except RagError as error:
        st.caption(f":material/find_in_page: {quoted(str(error))}")
        return
    st.image(image, width="stretch", alt=f"Page {citation.page} of {path.name}")
    if not found:
        st.caption("The quotation could not be marked on this page.")


def _sources(shared: Resources, collection: str, citation: Citation) -> tuple[str, ...]:
    """The paths of a document today, then those of the time when it was cited."""
    known = shared.store.exists(collection)
    document = shared.store.get(collection).document(citation.document_id) if known else None
    return (*(document.sources if document else ()), *citation.sources)


@st.cache_data(show_spinner=False, max_entries=48)
def _render(
    path: str, document_id: str, page: int, quote: str, _password: str | None
) -> tuple[bytes, bool]:
    from ingest.locate import locate_quote

    del document_id  # part of the cache's key: another content under the same path
    image, found = locate_quote(Path(path), page, quote, _password)
    return image, found
