"""Errors become text here, for the pages."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from rag_app.errors import RagError

UNEXPECTED = "Something went wrong inside the application. Nothing was lost; try it again."

_log = logging.getLogger(__name__)


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Shows an error as a sentence; its details only where debugging is on.

    Streamlit steers its scripts with exceptions of its own; they derive from BaseException and
    pass through.
    """
    try:
        yield
    except RagError as error:
        st.error(str(error), icon=":material/error:")
    except Exception as error:  # noqa: BLE001 - an edge: the page says so, and the log has the details
        _log.exception("A page failed.")
        st.error(UNEXPECTED, icon=":material/error:")
        if _log.isEnabledFor(logging.DEBUG):
            with st.expander("Details"):
                st.exception(error)
