"""What a page waits for: it says what is being done, and draws itself anew when that is done."""

from __future__ import annotations

from typing import TypeVar

import streamlit as st

from rag_app.ui import problems, state, style, wording
from rag_app.ui.shelf import Shelf
from rag_app.ui.work import Work

AT_ONCE_S = 0.4
"""What is done within this needs no waiting state, which would only flicker."""
LOOK_S = 0.5

T = TypeVar("T")


def result_of(
    shelf: Shelf[T], work: Work[T], doing: str, *, page: str, tall: bool = False
) -> T | None:
    """What the work came to; None while it goes on, or if it failed, which is then said.

    Args:
        shelf: Where it is kept; a failure can be forgotten there, to try it again.
        work: It.
        doing: What it is, for the reader.
        page: How the keys of what is drawn begin.
        tall: Whether it takes the place of something large.
    """
    if not work.finished.wait(AT_ONCE_S):
        _look(work, doing, f"{page}_waiting_tall" if tall else f"{page}_waiting_{doing}")
        return None
    if work.error:
        problems.show(work.error)
        st.button("Try again", key=f"{page}_again", on_click=shelf.forget, args=(work,))
    return work.result


@st.fragment(run_every=LOOK_S)
def _look(work: Work[T], doing: str, key: str) -> None:
    """Says what is being done until it is done, then draws the page anew."""
    if work.finished.is_set():
        state.draw_again()
    with st.container(key=key):
        parts = [doing]
        if work.total:
            parts.append(f"{work.done:,} of {work.total:,}")
        if work.seconds > 2:
            parts.append(f"{wording.seconds(work.seconds)} so far")
        st.html(style.waiting(f"{', '.join(parts)} …"))
