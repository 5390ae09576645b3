"""From the result of a comparison to the model that the reader wants."""

from __future__ import annotations

import streamlit as st

from rag_app.evaluation import Comparison
from rag_app.store import CollectionInfo
from rag_app.ui.compare_excerpt import label
from rag_app.ui.switch_work import switches


def in_use(info: CollectionInfo, comparison: Comparison) -> str:
    """Which of the compared models the collection has, by the name that it has there."""
    spec = info.embedding.spec
    for one in comparison.models:
        # One that was fitted on other documents is of the same kind all the same.
        if spec in (one.spec, one.model) or one.spec == info.asked:
            return one.spec
    return spec


def chosen(info: CollectionInfo, comparison: Comparison) -> str | None:
    """Draws the choice with its button; gives the model once the button is clicked.

    What is recommended is chosen at first, or else the cheapest of those as good.
    """
    own = in_use(info, comparison)
    others = [one.spec for one in comparison.models if one.spec != own]
    if not others:
        return None
    advice = comparison.recommendation
    advised = next((one for one in (advice.spec, advice.cheapest) if one in others), None)
    with st.container(horizontal=True, vertical_alignment="bottom", key="compare_switch"):
        spec = st.selectbox(
            "Model",
            others,
            index=others.index(advised) if advised else 0,
            key=f"compare_switch_{info.name}_{comparison.made_at}_{own}",
            width=280,
        )
        clicked = st.button(
            f"Switch {label(info.name)} to {label(spec)}…",
            type="primary" if spec == advised else "secondary",
            icon=":material/swap_horiz:",
            key="compare_switch_open",
            disabled=switches().running(info.name) is not None,
        )
    return spec if clicked else None
