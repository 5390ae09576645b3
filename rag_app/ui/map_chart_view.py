"""The map on the page: the chart of each model, what its colours mean, how far to believe it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag_app.evaluation.chart import LEADER
from rag_app.evaluation.map_chart import CONFIG
from rag_app.evaluation.map_groups import Colour, groups
from rag_app.evaluation.map_text import plain
from rag_app.ui.map_work import Drawn

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from rag_app.evaluation import CollectionMap

HEIGHT = 480
BESIDE = 420
"""Two maps, the one under the other on a phone, should not fill two windows."""

# The wheel scrolls the page; a box drawn with the pointer zooms in.
_CONFIG = {**CONFIG, "scrollZoom": False}

_GREY = "#8a9094"
_HOVER = {
    "bgcolor": "#2a2f33",
    "bordercolor": _GREY,
    "font": {"color": "#f4f1ea", "size": 12},
}
_AXIS = {"linecolor": "rgba(128,128,128,0.3)", "gridcolor": "rgba(128,128,128,0.3)"}


def show(drawn: Drawn, colour: Colour, about: str) -> None:
    """Draws the charts and what belongs to them."""
    shown = drawn.map
    with st.container(key="map_views"):
        for number, view in enumerate(shown.views):
            with st.container(gap=None, key=f"map_view_{number}"):
                st.html(f'<p class="map-model">{html.escape(view.model)}</p>')
                _chart(shown, number, colour, about)
    st.html(_legend(shown, colour))


def notes(drawn: Drawn) -> None:
    """Draws what the reader of the map should know."""
    told = [*drawn.notices, *drawn.map.notes]
    items = "".join(f"<li>{html.escape(plain(note))}</li>" for note in told)
    st.html(f'<p class="side-note">How far to believe it</p><ul class="map-notes">{items}</ul>')


def download(drawn: Drawn, colour: Colour) -> None:
    """Draws the button that saves the map as a page of its own."""

    def made() -> str:
        from rag_app.evaluation.map_page import page

        return page(drawn.map, colour)

    st.download_button(
        "Download the map as a page",
        made,
        f"map-{drawn.map.collection}.html",
        "text/html",
        icon=":material/download:",
        key="map_html",
        on_click="ignore",
        help="One file that shows the passages under the pointer without a network. "
        "It holds their text.",
    )


def _chart(shown: CollectionMap, number: int, colour: Colour, about: str) -> None:
    view = shown.views[number]
    flat = view.projection.dimensions == 2
    st.plotly_chart(
        _dressed(shown, number, colour),
        height=HEIGHT if len(shown.views) == 1 else BESIDE,
        # Another width needs another chart: of one with one scale on both axes, plotly would
        # only ever zoom out.
        key=f"map_chart_{number}_of_{len(shown.views)}_{about}",
        config=_CONFIG if flat else CONFIG,
        alt=f"Each passage as a dot, as {view.model} arranges them; like ones lie close together.",
    )


def _dressed(shown: CollectionMap, number: int, colour: Colour) -> Figure:
    """The figure in colours that do on light and on dark.

    The reader can turn from one to the other at any time, and the chart is not drawn anew then.
    """
    from rag_app.evaluation import figure

    made: Any = figure(shown, number, colour=colour, legend=False)
    layout = made.layout
    layout.font.color = layout.font.family = None  # the theme brings its own
    layout.hoverlabel.update(_HOVER)
    layout.modebar.update(color=_GREY, activecolor=LEADER)
    if shown.views[number].projection.dimensions == 2:
        layout.dragmode = "zoom"
        named = layout.annotations
    else:
        named = layout.scene.annotations
        layout.scene.update(dict.fromkeys(("xaxis", "yaxis", "zaxis"), _AXIS))
    for label in named:
        label.bgcolor = "rgba(0,0,0,0)"  # the style sheet puts a rim round the letters
    return made


def _legend(shown: CollectionMap, colour: Colour) -> str:
    items = "".join(
        f'<li><i class="{group.symbol}" style="background:{group.colour}"></i>'
        f"{html.escape(plain(group.name))} <span>{len(group.members):,}</span></li>"
        for group in groups(shown, colour)
    )
    return f'<ul class="map-legend">{items}</ul>'
