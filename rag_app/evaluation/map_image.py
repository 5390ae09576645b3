"""A map as a picture, by matplotlib: for reports and for terminals without a browser."""

from __future__ import annotations

import textwrap
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_app.errors import MissingExtraError
from rag_app.evaluation.collection_map import CollectionMap, View
from rag_app.evaluation.map_chart import ASKED, LIGHT
from rag_app.evaluation.map_groups import Colour, Group, groups
from rag_app.evaluation.map_page import about
from rag_app.evaluation.map_text import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKERS = {"circle": "o", "diamond": "D"}
_DPI = 150
_HEIGHT = 8.0
"""Inches."""
_BESIDE = (("left", "bottom"), ("left", "top"), ("right", "top"), ("right", "bottom"))
"""Hits lie close to each other; their numbers should not."""
_SOFT = LIGHT.soft


def save_image(drawn: CollectionMap, path: Path, colour: Colour = "document") -> None:
    """Writes the map as a PNG file.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OSError: The file cannot be written.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError("A map as a PNG file", "map")
    figure = _figure(drawn, colour)
    with warnings.catch_warnings():
        # A name in a script that no installed font has is drawn as boxes; nothing can be done here.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(path, dpi=_DPI, facecolor=LIGHT.paper, format="png")


def _figure(drawn: CollectionMap, colour: Colour) -> Figure:
    from matplotlib.figure import Figure

    made = groups(drawn, colour)
    count = len(drawn.views)
    width = 9.0 if count == 1 else 14.0
    figure = Figure(figsize=(width, _HEIGHT))
    columns = 3 if count == 1 else 5
    rows = -(-(len(made) + bool(drawn.question)) // columns)
    characters = int(13 * width)
    notes = [line for note in drawn.notes for line in textwrap.wrap(plain(note), characters)]
    foot = (0.34 + 0.2 * rows + 0.2 * len(notes)) / _HEIGHT
    asked = textwrap.wrap(plain(drawn.question), int(characters * 0.8), max_lines=2)
    head = 0.92 - 0.028 * len(asked)
    for number, view in enumerate(drawn.views):
        left = 0.03 + number * 0.97 / count
        box = (left, foot, 0.97 / count - 0.03, head - foot - (0.03 if count > 1 else 0.0))
        _draw_view(figure, box, drawn, view, made, named=colour == "cluster")
    _text(figure, 0.03, 0.975, f"Map of {drawn.collection}", size=15, weight="bold")
    _text(figure, 0.03, 0.94, about(drawn), size=9.5, color=_SOFT)
    _text(figure, 0.03, 0.913, "\n".join(asked), size=9.5, color=ASKED)
    _text(figure, 0.03, 0.018 + 0.025 * len(notes), "\n".join(notes), size=8.5, color=_SOFT)
    _draw_legend(figure, made, columns, (0.02, 0.03 + 0.025 * len(notes)), asked=bool(asked))
    return figure


def _text(figure: Figure, x: float, y: float, text: str, **style: Any) -> None:  # noqa: ANN401
    """Writes text that holds no formula, whatever its dollar signs say."""
    figure.text(
        x, y, text, va="top", linespacing=1.35, parse_math=False, **({"color": LIGHT.ink} | style)
    )


def _draw_view(
    figure: Figure,
    box: tuple[float, float, float, float],
    drawn: CollectionMap,
    view: View,
    made: list[Group],
    *,
    named: bool,
) -> None:
    flat = view.projection.dimensions == 2
    axes: Any = figure.add_axes(box, projection=None if flat else "3d")
    axes.set_facecolor("white")
    points = view.projection.points
    size = 22 if len(drawn.passages) <= 600 else 12
    for group in made:
        axes.scatter(
            *points[list(group.members)].T,
            s=size,
            c=group.colour,
            marker=_MARKERS[group.symbol],
            alpha=0.8,
            linewidths=0,
        )
    for group in made if named else ():
        middle = np.median(points[list(group.members)], axis=0)
        box_style = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.5}
        style = {"color": group.colour, "weight": "bold", "size": 9, "ha": "center"}
        axes.text(*middle, group.name, parse_math=False, bbox=box_style, **style)
    _draw_question(axes, view)
    _frame(axes, flat=flat)
    if len(drawn.views) > 1:
        axes.set_title(view.model, fontsize=10, color=LIGHT.ink, loc="left", parse_math=False)


def _draw_question(axes: Any, view: View) -> None:  # noqa: ANN401 - flat or in space
    if view.question is None:
        return
    for rank, hit in enumerate(view.hits, 1):
        axes.scatter(
            *hit.point[:, None], s=110, facecolors="none", edgecolors=ASKED, linewidths=1.8
        )
        side, level = _BESIDE[(rank - 1) % len(_BESIDE)]
        number = f"   {rank}" if side == "left" else f"{rank}   "
        axes.text(*hit.point, number, color=ASKED, weight="bold", size=9, ha=side, va=level)
    star = {"marker": "*", "s": 260, "c": ASKED, "edgecolors": "white", "linewidths": 1}
    axes.scatter(*view.question.point[:, None], zorder=5, **star)


def _frame(axes: Any, *, flat: bool) -> None:  # noqa: ANN401 - flat or in space
    if flat:
        axes.set_aspect("equal", adjustable="datalim")
        axes.set(xticks=[], yticks=[])
        axes.margins(0.06)
        for spine in axes.spines.values():
            spine.set_color(LIGHT.line)
    else:
        axes.set(xticklabels=[], yticklabels=[], zticklabels=[])
        axes.tick_params(length=0)


def _draw_legend(
    figure: Figure, made: list[Group], columns: int, corner: tuple[float, float], *, asked: bool
) -> None:
    from matplotlib.lines import Line2D

    style: dict[str, Any] = {"linestyle": "none", "markeredgewidth": 0, "markersize": 7}
    handles = [Line2D([], [], color=g.colour, marker=_MARKERS[g.symbol], **style) for g in made]
    names = [
        f"{textwrap.shorten(plain(g.name), 44, placeholder='…')} ({len(g.members):,})" for g in made
    ]
    if asked:
        handles.append(Line2D([], [], color=ASKED, marker="*", **style | {"markersize": 11}))
        names.append("the question; circles: its hits")
    legend = figure.legend(
        handles,
        names,
        loc="lower left",
        bbox_to_anchor=corner,
        ncols=columns,
        frameon=False,
        fontsize=8.5,
        labelcolor=LIGHT.ink,
        handletextpad=0.2,
        columnspacing=1.4,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
