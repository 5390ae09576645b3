"""The notice that text would leave this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

import streamlit as st

from rag_app.ui import state
from rag_app.ui.markup import quoted


class Agreeing(Protocol):
    """Choices of a session, with what the reader has agreed to last; empty for nothing."""

    agreed: str


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


def agreed(
    key: str, sentence: str, costs: Iterable[object], chosen: Agreeing, consent: str
) -> bool:
    """Draws the notice with a box to tick; says whether it is ticked.

    Args:
        key: Of the notice.
        sentence: Markdown.
        costs: What hosts would charge, in sentences.
        chosen: Keeps the consent.
        consent: To what exactly: anything else needs one of its own.
    """
    with notice(key, sentence, costs):
        name = f"{key}_agree_{consent}"
        state.put_widget(name, chosen.agreed == consent)
        st.checkbox("I agree to that", key=name, on_change=_agree, args=(chosen, consent, name))
    return chosen.agreed == consent


def _agree(chosen: Agreeing, consent: str, name: str) -> None:
    chosen.agreed = consent if state.widget(name) else ""
