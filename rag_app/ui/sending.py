"""The notice that text would leave this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import streamlit as st

from rag_app.ui.markup import quoted


@contextmanager
def notice(key: str, sentence: str, costs: Iterable[object] = ()) -> Iterator[None]:
    """Draws a box with what would be sent where; what is drawn within asks for consent.

    Args:
        key: Of the box.
        sentence: Markdown.
        costs: What hosts would charge, in sentences.
    """
    with st.container(border=True, key=key):
        st.markdown(":material/cloud_upload: **Text would leave this machine**")
        st.write(sentence)
        for cost in costs:
            st.caption(quoted(str(cost)))
        yield
