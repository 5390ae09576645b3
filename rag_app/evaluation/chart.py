"""Quality against speed, as a plotly figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag_app.evaluation.measures import MAIN
from rag_app.evaluation.result import Comparison
from rag_app.evaluation.wording import WAY_TITLES, destination, rate, size, with_interval

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LEADER, TIED, OTHER = "#1f9e89", "#3b82c4", "#9a8f80"
"""Colours that can be told apart in light and dark: the best, what may be as good, the rest."""


def quality_chart(comparison: Comparison) -> Figure:
    """Each model as a point: to the right faster, upwards better, with its interval.

    Models whose speed was not measured (hosted ones whose vectors were all known) are left out.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    tied = comparison.recommendation.tied
    speeds = [one.costs.chunks_per_second or 1.0 for one in comparison.models]
    for number, model in enumerate(comparison.models):
        speed = model.costs.chunks_per_second
        if speed is None:
            continue
        one = model.scores(comparison.by).measures[MAIN]
        colour = LEADER if number == 0 else TIED if model.spec in tied else OTHER
        figure.add_trace(
            go.Scatter(
                x=[speed],
                y=[one.mean],
                error_y={
                    "type": "data",
                    "array": [one.high - one.mean],
                    "arrayminus": [one.mean - one.low],
                    "thickness": 1.4,
                    "width": 5,
                    "color": colour,
                },
                mode="markers+text",
                text=[f"  {model.spec}  "],
                textposition=_beside(speed, speeds),
                marker={"size": 13, "color": colour},
                cliponaxis=False,
                hovertemplate=(
                    f"<b>{model.spec}</b><br>nDCG@10 {with_interval(one)}<br>"
                    f"{rate(speed)} passages/s<br>{model.costs.dimension} dimensions, index "
                    f"{size(model.costs.index_bytes)}<br>{destination(model)}<extra></extra>"
                ),
            )
        )
    figure.update_layout(
        showlegend=False,
        margin={"l": 60, "r": 30, "t": 20, "b": 62},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": "#7b8187", "size": 13},
        hoverlabel={"align": "left"},
        xaxis={
            "type": "log",
            "title": {"text": "passages embedded per second (logarithmic)", "standoff": 6},
            "gridcolor": "rgba(128,128,128,0.18)",
            "dtick": 1,
        },
        yaxis={
            "title": {"text": f"nDCG@10, {WAY_TITLES[comparison.by].lower()}"},
            "gridcolor": "rgba(128,128,128,0.18)",
            "zeroline": False,
        },
    )
    return figure


def _beside(speed: float, speeds: Sequence[float]) -> str:
    """The name stands where there is room: left of the fast ones, right of the slow ones."""
    return "middle left" if speed * speed > min(speeds) * max(speeds) else "middle right"
