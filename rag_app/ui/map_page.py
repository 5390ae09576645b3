"""The page with the map: the passages of a collection as a picture."""

from __future__ import annotations

import streamlit as st

from rag_app.evaluation.collection_map import SAMPLE
from rag_app.store import CollectionInfo
from rag_app.ui import (
    collection_choice,
    map_chart_view,
    map_controls,
    map_hits,
    map_make,
    map_second,
    style,
    waiting,
    wording,
)
from rag_app.ui.map_choice import Choice, bound, choice
from rag_app.ui.map_work import Drawing, Drawn, drawings
from rag_app.ui.resources import Resources, resources

LEAST_PASSAGES = 5
"""Of fewer there is nothing to see."""


def page() -> None:
    """Draws the page."""
    shared = resources()
    style.page_heading(
        "Map",
        "Each dot is a passage of your documents. Dots that lie near each other say similar "
        "things, as the embedding model sees it.",
    )
    with st.container(key="map_page"):
        _page(shared)


def _page(shared: Resources) -> None:
    info = collection_choice.choose(shared)
    if info is None:
        collection_choice.nothing(
            "There is nothing to draw yet", "Add documents first: each passage becomes a dot."
        )
        return
    if info.chunks < LEAST_PASSAGES:
        there = wording.count(info.chunks, "passage")
        collection_choice.nothing(
            "Too few passages for a map",
            f"This collection has {there}. Add documents until there are at least "
            f"{LEAST_PASSAGES}.",
        )
        return
    chosen = choice()
    map_controls.show(shared, info, chosen)
    agreed = map_second.agreed(shared, info, chosen, min(info.chunks, SAMPLE))
    _question(shared, info, chosen)
    _map(shared, info, chosen, second=bool(chosen.second) and agreed)


def _question(shared: Resources, info: CollectionInfo, chosen: Choice) -> None:
    st.text_input(
        "A question on the map",
        placeholder="Type a question to see where it lies, and what is found for it",
        icon=":material/search:",
        **bound(chosen, "question"),
    )
    if host := shared.embedding_destination(info.embedding.spec):
        st.warning(f"Your question is sent to **{host}**.", icon=":material/cloud_upload:")


def _map(shared: Resources, info: CollectionInfo, chosen: Choice, *, second: bool) -> None:
    """Draws the map as far as it is, and waits for the rest."""
    place = st.container(key="map_drawn")
    name = wording.count(min(info.chunks, SAMPLE), "passage")
    base = map_make.passages(shared, info, chosen)
    drawn = _await(base, f"Drawing {name}", tall=True)
    if drawn is not None and second:
        doing = f"Reading {name} with {chosen.second}"
        drawn = _await(map_make.second_view(shared, info, chosen, drawn), doing) or drawn
    if drawn is not None and chosen.question.strip():
        asked = map_make.with_question(shared, info, chosen, drawn)
        drawn = _await(asked, "Looking for the question") or drawn
    if drawn is not None:
        with place:
            map_chart_view.show(drawn, chosen.colour, f"{info.name}_{chosen.method}")
        map_hits.show(drawn)
        map_chart_view.notes(drawn)
        map_chart_view.download(drawn, chosen.colour)


def _await(drawing: Drawing, doing: str, *, tall: bool = False) -> Drawn | None:
    return waiting.result_of(drawings(), drawing, doing, page="map", tall=tall)
