"""How the map is to be drawn: the method, the dimensions, the colours."""

from __future__ import annotations

from importlib.util import find_spec

import streamlit as st

from rag_app.evaluation.map_groups import COLOURS
from rag_app.evaluation.project import LEAST, METHODS, NAMES, Method
from rag_app.store import CollectionInfo
from rag_app.ui import map_second, wording
from rag_app.ui.map_choice import Choice, bound
from rag_app.ui.resources import Resources

EXPLAINED: dict[Method, str] = {
    "pca": "PCA looks at the passages from the side where they differ most. Believe the large "
    "distances: what lies far apart is different. What lies close together need not be alike. "
    "Fast, and the same each time.",
    "tsne": "t-SNE keeps each passage beside those most like it. Believe the neighbours and the "
    "groups; the gaps between groups, and their sizes, mean little. Takes some seconds.",
    "umap": "UMAP keeps each passage beside those most like it, and often the groups tidier than "
    "t-SNE. Believe the neighbours; the gaps between groups mean little. The first one may "
    "take a minute.",
}
MISSING = " UMAP would be a third way: pip install 'rag-app[map]' adds it."


def show(shared: Resources, info: CollectionInfo, chosen: Choice) -> None:
    """Draws the controls."""
    methods = _methods(info)
    if chosen.method not in methods:
        chosen.method = "pca"
    with st.container(key="map_controls"):
        st.segmented_control(
            "Method",
            methods,
            format_func=NAMES.__getitem__,
            required=True,
            **bound(chosen, "method"),
        )
        st.segmented_control(
            "Dimensions",
            [2, 3],
            format_func=lambda number: f"{number}D",
            required=True,
            **bound(chosen, "dimensions"),
        )
        st.segmented_control(
            "Colour by",
            COLOURS,
            format_func=str.capitalize,
            required=True,
            help="A cluster is a group of like passages, found by the computer and named after "
            "the words that set it apart.",
            **bound(chosen, "colour"),
        )
        map_second.choose(shared, info, chosen)
    st.caption(EXPLAINED[chosen.method] + _left_out(info))


def _methods(info: CollectionInfo) -> list[Method]:
    if info.chunks < LEAST:
        return ["pca"]
    return [method for method in METHODS if method != "umap" or find_spec("umap")]


def _left_out(info: CollectionInfo) -> str:
    if info.chunks < LEAST:
        return f" The other methods need {wording.count(LEAST, 'passage')}."
    return "" if find_spec("umap") else MISSING
