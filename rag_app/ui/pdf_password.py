"""Passwords of PDF files: which files need one, and those that the reader has typed.

A typed password stays in the memory of this browser session and is written nowhere.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from rag_app.errors import DocumentUnreadableError
from rag_app.settings import Settings
from rag_app.ui import state
from rag_app.ui.state import Key

SUFFIX = ".pdf"


def needed(path: Path, password: str | None) -> bool:
    """Whether a file is a PDF that opens only with another password than this."""
    if path.suffix.lower() != SUFFIX or not path.is_file():
        return False
    from ingest.load.pdfium import PdfBrokenError, open_pdf

    try:
        with open_pdf(path, path.name, password):
            return False
    except DocumentUnreadableError:  # encrypted is the one thing that it says of a file
        return True
    except PdfBrokenError:
        return False


def fitting(path: Path, settings: Settings) -> str | None:
    """The password that opens a file: empty where it needs none, None where none is known."""
    secret = settings.pdf_password
    known = ["", secret.get_secret_value() if secret else "", *state.get(Key.PASSWORDS, ())]
    return next((password for password in known if not needed(path, password)), None)


def remember(password: str) -> None:
    """Keeps a typed password for other files, and for the pages of this one."""
    state.put(Key.PASSWORDS, (*state.get(Key.PASSWORDS, ()), password))


def form(name: str, button: str) -> str:
    """Draws a field for a password with a button; gives what was typed, once it is sent."""
    with (
        st.form(f"password_{name}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        password = st.text_input("Password", type="password", autocomplete="off")
        sent = st.form_submit_button(button)
    if not sent or not password:
        return ""
    remember(password)
    return password
