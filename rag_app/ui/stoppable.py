"""The box of a job that takes long: what it is, how far it is, and a button that stops it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Protocol, TypeVar

import streamlit as st

from rag_app.ui import state
from rag_app.ui.markup import quoted
from rag_app.ui.waiting import LOOK_S


class Stoppable(Protocol):
    """A job as the box shows it; see ``Work``.

    Attributes:
        title: What is done.
        stopping: What stopping leaves.
        finished: Set at its end.
    """

    title: str
    stopping: str
    finished: Event

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        ...

    def cancel(self) -> None:
        """Asks it to stop."""
        ...


J = TypeVar("J", bound=Stoppable)


@st.fragment(run_every=LOOK_S)
def follow(job: J, share: Callable[[J], float], described: Callable[[J], str], page: str) -> None:
    """Draws the box of a job at work until it ends, then the page anew.

    Args:
        job: It.
        share: How much of it is done, from 0 to 1.
        described: What it is doing, in a line.
        page: How the keys of what is drawn begin.
    """
    if job.finished.is_set():
        state.draw_again()
    with st.container(border=True, key=f"{page}_progress"):
        st.markdown(f"**{quoted(job.title)}**")
        st.progress(share(job), quoted(described(job)))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Stopping" if job.cancelled else "Stop",
                icon=":material/stop_circle:",
                key=f"{page}_stop",
                disabled=job.cancelled,
                on_click=job.cancel,
            )
            st.caption(
                f"It ends as soon as it can. {job.stopping}"
                if job.cancelled
                else f"It goes on when you leave this page. {job.stopping}"
            )
