"""The page that says what is in force, where it came from, and what leaves this machine."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.settings import Settings
from rag_app.ui import style
from rag_app.ui.resources import Resources, resources

if TYPE_CHECKING:
    from rag_app.answering.answerers import AnswererStatus

SECTIONS: Mapping[str, Sequence[str]] = {
    "Answers": (
        "llm",
        "llm_base_url",
        "llm_context_tokens",
        "llm_answer_tokens",
        "llm_timeout_s",
        "answer_sentences",
        "abstain_below",
        "reader",
        "top_k",
    ),
    "Search and passages": (
        "collection",
        "embedding",
        "embedding_base_url",
        "fusion",
        "rerank",
        "rerank_seconds",
        "rerank_candidates",
        "diversity",
        "neighbours",
        "chunk_tokens",
        "chunk_overlap",
        "threads",
    ),
    "Documents": (
        "max_file_mb",
        "max_file_characters",
        "pdf_password",
        "ocr",
        "ocr_languages",
        "parse_seconds",
        "parse_memory_mb",
        "parse_workers",
    ),
    "Keys and addresses": (
        "openai_api_key",
        "openai_base_url",
        "cohere_api_key",
        "google_api_key",
        "huggingface_api_key",
        "voyage_api_key",
    ),
    "Storage": ("home", "cache", "chroma_url", "chroma_timeout_s", "lock_wait_s"),
}
"""Which settings are shown together: each one in one place, which a test sees to."""

ORIGINS = {
    "default": "default",
    "file": "from the file {name}",
    "variable": "from the variable {name}",
    "flag": "given as {name}",
}


def page() -> None:
    """Draws the page."""
    shared = resources()
    style.page_heading(
        "Settings",
        "What is in force. Change it in rag.toml, with RAG_… variables or with flags of rag serve, "
        "and start the application again.",
    )
    _privacy(shared)
    for title, names in SECTIONS.items():
        st.html(f"<h3>{html.escape(title)}</h3>" + _rows(shared.settings, names))
    _answerers(shared)
    _places(shared.settings)


def _privacy(shared: Resources) -> None:
    names: list[str | None] = [info.name for info in shared.collections()]
    destinations = {
        f"Questions and the passages found for them go to {host}"
        for name in names or [None]
        if (host := shared.destination(name, shared.settings.llm))
    }
    with st.container(border=True, key="privacy_box"):
        if destinations:
            st.markdown(":material/cloud_upload: **What leaves this machine**")
            for sentence in sorted(destinations):
                st.write(sentence + ".")
        else:
            st.markdown(":material/lock: **Nothing leaves this machine**")
            st.write(
                "Documents, questions and answers stay here. Only a model of a remote provider, "
                "chosen by you, would change that; the chat says so before you ask."
            )


def _rows(settings: Settings, names: Sequence[str]) -> str:
    rows = []
    for name in names:
        field, origin = Settings.model_fields[name], settings.origin(name)
        source = ORIGINS[origin.source].format(name=origin.name)
        changed = "" if origin.source == "default" else " changed"
        rows.append(
            f'<div class="setting{changed}"><div><code>{name}</code>'
            f"<p>{html.escape(field.description or '')}</p></div>"
            f"<div><b>{html.escape(settings.shown(name))}</b><i>{html.escape(source)}</i></div></div>"
        )
    return '<div class="settings">' + "".join(rows) + "</div>"


def _answerers(shared: Resources) -> None:
    from rag_app.answering.answerers import list_answerers

    rows = [_answerer(status) for status in list_answerers(shared.settings)]
    st.html(f'<h3>Answerers</h3><div class="settings">{"".join(rows)}</div>')
    st.caption("The embedding models are on the page Models.")


def _answerer(status: AnswererStatus) -> str:
    tone = "good" if status.state == "ready" else "same"
    where = f"text goes to {status.destination}" if status.destination else "on this machine"
    detail = " · ".join(part for part in (where, status.note) if part)
    return (
        f'<div class="setting"><div><code>{html.escape(status.spec)}</code>'
        f"<p>{html.escape(detail)}</p></div>"
        f'<div><em class="chip {tone}">{html.escape(status.state)}</em></div></div>'
    )


def _places(settings: Settings) -> None:
    places = {
        "Everything that is written": settings.home,
        "Uploaded files": settings.home / "uploads",
        "Conversations": settings.home / "conversations.sqlite3",
    }
    rows = "".join(
        f'<div class="setting"><div><p>{html.escape(name)}</p></div>'
        f"<div><b>{html.escape(str(path))}</b></div></div>"
        for name, path in places.items()
    )
    st.html(f'<h3>Places</h3><div class="settings">{rows}</div>')
