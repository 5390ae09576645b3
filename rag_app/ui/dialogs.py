"""Windows over a page: how they open, and the two buttons under a question."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Literal, ParamSpec

import streamlit as st

from rag_app.ui.problems import in_plain_words

P = ParamSpec("P")


def dialog(
    title: str,
    *,
    width: int | Literal["small"] = "small",
    position: Literal["center", "right"] = "center",
    icon: str,
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Makes a function draw a dialog, in which errors are sentences, too.

    A click in a dialog runs it alone, outside of what stands around the page.
    """

    def decorate(draw: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(draw)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
            with in_plain_words():
                draw(*args, **kwargs)

        return st.dialog(title, width=width, position=position, icon=icon)(guarded)

    return decorate


def deletion(name: str, delete: Callable[[], None]) -> None:
    """Draws the two buttons under the question whether to delete, and calls ``delete``."""
    with st.container(horizontal=True):
        wanted = st.button("Delete", type="primary", key=f"confirm_delete_{name}")
        if st.button("Keep it"):
            st.rerun()
    if wanted:
        with in_plain_words(), st.spinner("Deleting"):
            delete()
            st.rerun()
