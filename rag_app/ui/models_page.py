"""The page with the embedding models: which there are, making one, and what they know of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from rag_app.ui import models_learn, models_list, models_measures, models_words, style
from rag_app.ui.models_choice import Choice, Section, bound, choice
from rag_app.ui.resources import Resources, resources

TITLES: Mapping[Section, str] = {
    "models": "Models",
    "learn": "Train",
    "words": "Words",
    "measures": "Measures",
}
_DRAWN: Mapping[Section, Callable[[Resources, Choice], None]] = {
    "models": models_list.show,
    "learn": models_learn.show,
    "words": models_words.show,
    "measures": models_measures.show,
}


def page() -> None:
    """Draws the page."""
    shared, chosen = resources(), choice()
    style.page_heading(
        "Models",
        "An embedding model turns text into numbers, such that what means the same lies close "
        "together. See which there are, make one of your own, and look at what they have learned.",
    )
    with st.container(key="models_page"):
        st.segmented_control(
            "Part of the page",
            list(TITLES),
            format_func=TITLES.__getitem__,
            required=True,
            label_visibility="collapsed",
            **bound(chosen, "section"),
        )
        _DRAWN[chosen.section](shared, chosen)
