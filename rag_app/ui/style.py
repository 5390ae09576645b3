"""The look that Streamlit's theme options cannot express: a style sheet, a mark, small HTML."""

from __future__ import annotations

import html
from base64 import b64encode
from pathlib import Path

import streamlit as st

from rag_app.ui.script import SCRIPT

PRODUCT = "Ask your documents"
PROMISE = "Every answer quotes its sources, and every quotation is checked."

_LEAF = "#0f6b5c"
_MARKER = "#ffd75e"

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40" width="40" height="40">'
    f'<rect width="40" height="40" rx="10" fill="{_LEAF}"/>'
    '<path d="M11 8h13l6 6v18H11z" fill="#fdfcf9"/><path d="M24 8l6 6h-6z" fill="#b9d6cf"/>'
    f'<rect x="14" y="18" width="13" height="4" rx="1" fill="{_MARKER}"/>'
    '<rect x="14" y="13" width="7" height="2" rx="1" fill="#8fa7a1"/>'
    '<rect x="14" y="25" width="13" height="2" rx="1" fill="#8fa7a1"/></svg>'
)

# The sanitiser takes drawings out of HTML, but leaves pictures in.
_MARK = f'<img alt="" src="data:image/svg+xml;base64,{b64encode(LOGO.encode()).decode()}">'


def dress() -> None:
    """Puts the style sheet, the mark and the script on the page."""
    st.html(Path(__file__).with_name("app.css"))
    st.logo(LOGO, size="large")
    st.html(SCRIPT, unsafe_allow_javascript=True)


def hero(title: str, text: str) -> None:
    """The large greeting of an empty page."""
    st.html(
        f'<div class="hero"><div class="hero-mark">{_MARK}</div>'
        f"<h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></div>"
    )


def page_heading(title: str, text: str) -> None:
    """The heading of a page with a sentence below it."""
    st.html(
        f'<div class="page-heading"><h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></div>'
    )


def facts(*parts: str) -> str:
    """HTML of short facts in one line, with dots between them."""
    shown = "<i>·</i>".join(f"<span>{html.escape(part)}</span>" for part in parts if part)
    return f'<div class="facts">{shown}</div>'


def waiting(text: str) -> str:
    """HTML that says that something is being done."""
    return f'<div class="waiting"><span></span>{html.escape(text)}</div>'
