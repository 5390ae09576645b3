"""Says on every page that the Chroma server does not answer, before a click has to find out."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import streamlit as st

from rag_app.settings import Settings, without_credentials
from rag_app.ui.markup import quoted

PATIENCE_S = 1.0


def show(settings: Settings) -> None:
    """Draws the notice where a server is set and cannot be reached."""
    url = settings.chroma_url
    if url and not _reachable(url):
        st.warning(
            quoted(
                f"The Chroma server at {without_credentials(url)} cannot be reached. Until it runs "
                "again, questions cannot be answered, and changes to the documents do not reach "
                "it. Start it with: chroma run --path FOLDER --port PORT"
            ),
            icon=":material/cloud_off:",
        )


def _reachable(url: str) -> bool:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), PATIENCE_S):
            return True
    except OSError:
        return False
