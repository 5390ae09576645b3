"""A map as a plotly figure: for the page in the browser and for ``rag map --out map.html``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag_app.evaluation.collection_map import CollectionMap, View
from rag_app.evaluation.map_groups import Colour, Group, groups
from rag_app.evaluation.map_text import hit_text, hover, question_text, safe

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ASKED = "#d6336c"
"""Of the question and its hits, on light and on dark."""


CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "scrollZoom": True,
    "responsive": True,
    # plotly.js 4 shows a button that sends the chart, and with it the passages, to its maker.
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "resetCameraLastSave3d"],
}
"""How plotly.js is to show a figure; any page must pass it on."""

_BESIDE = ("top right", "bottom right", "bottom left", "top left", "middle right")


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of what is neither point nor question."""

    ink: str
    soft: str
    paper: str
    line: str
    label: str


LIGHT = Theme(
    ink="#22262a", soft="#5f6468", paper="#fdfcf9", line="#e3ded3", label="rgba(253,252,249,0.6)"
)
DARK = Theme(
    ink="#e9e6df", soft="#a3a7a6", paper="#15191b", line="#343c3f", label="rgba(21,25,27,0.6)"
)


def figure(
    drawn: CollectionMap,
    view: int = 0,
    *,
    colour: Colour = "document",
    dark: bool = False,
    legend: bool = True,
) -> Figure:
    """The map of one model.

    Args:
        drawn: The map.
        view: Which of its models.
        colour: One colour for each ``document`` or ``cluster``.
        dark: For a dark background. The background itself is left to the page.
        legend: Whether plotly draws one.

    Returns:
        A figure of one trace for each group of ``groups(drawn, colour)``, in that order; then, if
        a question is on the map, one for its hits and one for itself.
    """
    import plotly.graph_objects as go

    shown = drawn.views[view]
    made = groups(drawn, colour)
    traces = [_points(drawn, shown, group) for group in made]
    if shown.question is not None:
        traces += [_hits(shown), _question(shown, drawn.question)]
    labels = _labels(shown, made, DARK if dark else LIGHT) if colour == "cluster" else []
    layout = _layout(shown, labels, DARK if dark else LIGHT, legend=legend)
    return go.Figure(traces, layout)


def _points(drawn: CollectionMap, view: View, group: Group) -> dict[str, Any]:
    members = list(group.members)
    flat = view.projection.dimensions == 2
    size = 8 if len(drawn.passages) <= 600 else 6
    return {
        **_kind(view),
        **_coordinates(view, view.projection.points[members].T.tolist()),
        "mode": "markers",
        "name": f"{safe(group.name)} ({len(members)})",
        "marker": {
            "color": group.colour,
            "symbol": group.symbol,
            "size": size if flat else size / 2,
            "opacity": 0.8,
            "line": {"width": 0},
        },
        "hovertext": [hover(drawn.passages[member]) for member in members],
        "hoverinfo": "text",
        "customdata": [drawn.passages[member].chunk.id for member in members],
    }


def _hits(view: View) -> dict[str, Any]:
    flat = view.projection.dimensions == 2
    return {
        **_kind(view),
        **_coordinates(view, list(zip(*(hit.point.tolist() for hit in view.hits), strict=True))),
        "mode": "markers+text",
        "name": "hits",
        "marker": {
            "color": ASKED,
            "symbol": "circle-open",
            "size": 15 if flat else 9,
            "line": {"width": 2.5, "color": ASKED},
        },
        "text": [f"<b>{rank}</b>" for rank, _ in enumerate(view.hits, 1)],
        # hits lie close to each other; their numbers should not
        "textposition": [_BESIDE[rank % len(_BESIDE)] for rank, _ in enumerate(view.hits)],
        "textfont": {"color": ASKED, "size": 13},
        "hovertext": [hit_text(rank, hit) for rank, hit in enumerate(view.hits, 1)],
        "hoverinfo": "text",
        "customdata": [hit.passage.chunk.id for hit in view.hits if hit.passage],
    }


def _question(view: View, question: str) -> dict[str, Any]:
    assert view.question is not None  # noqa: S101 - asked before
    flat = view.projection.dimensions == 2
    return {
        **_kind(view),
        **_coordinates(view, [[value] for value in view.question.point.tolist()]),
        "mode": "markers",
        "name": "question",
        "marker": {
            "color": ASKED,
            "symbol": "star" if flat else "diamond",
            "size": 20 if flat else 9,
            "line": {"width": 1.5, "color": "#ffffff"},
        },
        "hovertext": [question_text(question)],
        "hoverinfo": "text",
    }


def _kind(view: View) -> dict[str, Any]:
    return {"type": "scatter" if view.projection.dimensions == 2 else "scatter3d"}


def _coordinates(view: View, columns: Any) -> dict[str, Any]:  # noqa: ANN401 - rows of numbers
    rounded = [[round(value, 4) for value in column] for column in columns]
    names = "xyz"[: view.projection.dimensions]
    return dict(zip(names, rounded or [[]] * len(names), strict=True))


def _labels(view: View, made: list[Group], theme: Theme) -> list[dict[str, Any]]:
    """The name of each cluster, at the middle of its points."""
    import numpy as np

    labels = []
    for group in made:
        middle = np.median(view.projection.points[list(group.members)], axis=0).tolist()
        labels.append(
            {
                **dict(zip("xyz", middle, strict=False)),
                "text": f"<b>{safe(group.name)}</b>",
                "showarrow": False,
                "font": {"color": group.colour, "size": 12},
                "bgcolor": theme.label,
                "borderpad": 2,
            }
        )
    return labels


def _range(view: View, axis: int) -> list[float]:
    """From the first to the last point, with a margin; plotly's own is wide."""
    values = [*view.projection.points[:, axis].tolist()]
    values += [float(mark.point[axis]) for mark in (view.question, *view.hits) if mark is not None]
    margin = 0.04 * (max(values) - min(values)) or 1.0
    return [min(values) - margin, max(values) + margin]


def _layout(
    view: View, labels: list[dict[str, Any]], theme: Theme, *, legend: bool
) -> dict[str, Any]:
    axis = {
        "showticklabels": False,
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "title": {"text": ""},
    }
    layout: dict[str, Any] = {
        "font": {"family": "system-ui, sans-serif", "color": theme.ink, "size": 13},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": legend,
        "legend": {"itemsizing": "constant"},
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": theme.paper,
            "bordercolor": theme.line,
            "font": {"color": theme.ink, "size": 13},
            "align": "left",
            "namelength": 0,
        },
        "dragmode": "pan",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": theme.soft, "activecolor": theme.ink},
    }
    if view.projection.dimensions == 2:
        # One scale on both axes: distances are what a map is about.
        layout |= {
            "xaxis": axis | {"range": _range(view, 0)},
            "yaxis": axis | {"range": _range(view, 1), "scaleanchor": "x"},
            "annotations": labels,
        }
    else:
        depth = axis | {
            "showbackground": False,
            "showspikes": False,
            "showline": True,
            "linecolor": theme.line,
            "showgrid": True,
            "gridcolor": theme.line,
        }
        names = ("xaxis", "yaxis", "zaxis")
        layout["dragmode"] = "orbit"
        layout["scene"] = dict.fromkeys(names, depth) | {
            "aspectmode": "data",
            "annotations": labels,
        }
    return layout
