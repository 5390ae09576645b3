"""Errors become text here, for the pages."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import streamlit as st

from rag_app.errors import RagError
from rag_app.ui import state
from rag_app.ui.markup import quoted

UNEXPECTED = (
    "Something went wrong inside the application. Nothing was lost; try it again. "
    "The log of rag serve says more."
)

P = ParamSpec("P")

_log = logging.getLogger(__name__)


def show(sentence: str) -> None:
    """Draws the sentence of an error, word for word: it may hold a file name or an address."""
    st.error(quoted(sentence), icon=":material/error:")


def show_kept() -> None:
    """Draws the messages that ``state.say`` and ``state.complain`` kept, once."""
    if note := state.take(state.Key.NOTE):
        st.toast(quoted(note), icon=":material/check:")
    if problem := state.take(state.Key.PROBLEM):
        show(problem)


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Shows an error as a sentence; what nobody expected goes to the log with its traceback.

    Streamlit steers its scripts with exceptions of its own; they derive from BaseException and
    pass through.
    """
    try:
        yield
    except RagError as error:
        show(str(error))
    except Exception:  # noqa: BLE001 - an edge: the page says so, and the log has the details
        _log.exception("A page failed.")
        show(UNEXPECTED)


def callback(function: Callable[P, None]) -> Callable[P, None]:
    """Makes a function fit for ``on_click`` and the like, which run before the page is drawn.

    What goes wrong in it is kept, and the page that is drawn next says it.
    """

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except RagError as error:
            state.complain(str(error))
        except Exception:  # noqa: BLE001 - an edge, as above
            _log.exception("A click failed.")
            state.complain(UNEXPECTED)

    return guarded
