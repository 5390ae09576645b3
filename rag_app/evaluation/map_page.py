"""A map as one HTML file that needs no network: the chart library is in it.

Its content security policy forbids the browser to fetch anything at all, whatever the documents or
the library might say.
"""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files

from rag_app.evaluation.collection_map import CollectionMap
from rag_app.evaluation.map_chart import CONFIG, figure
from rag_app.evaluation.map_groups import Colour, groups
from rag_app.evaluation.map_text import plain
from rag_app.evaluation.project import NAMES

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' \
'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; worker-src blob:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{css}</style>
</head>
<body>
<main>
<header>
<h1>{title}</h1>
<p class="about">{about}</p>
{asked}</header>
<div class="views">
{views}</div>
<ul class="legend" aria-label="Colours">
{legend}</ul>
<ul class="notes">
{notes}</ul>
</main>
<script>{plotly}</script>
<script>
const views = {data};
const config = {config};
{script}</script>
</body>
</html>
"""

# Colours follow the reader's light or dark setting; a passage under the pointer in one view shows
# itself in the other (plotly cannot be told that in three dimensions); the legend hides groups.
_SCRIPT = """const dark = matchMedia('(prefers-color-scheme: dark)');
const charts = views.map((_, i) => document.getElementById('view' + i));
const flat = views.every(view => !view.light.scene);
const places = views.map(view => {
  const found = new Map();
  view.data.forEach((trace, c) => (trace.customdata || []).forEach((id, p) => {
    if (!found.has(id)) found.set(id, {curveNumber: c, pointNumber: p});
  }));
  return found;
});
// With one scale on both axes plotly only ever zooms out: after a change of size, start afresh.
const fit = (chart, view) => Plotly.relayout(chart, flat ? {autosize: true,
  'xaxis.range': [...view.light.xaxis.range], 'yaxis.range': [...view.light.yaxis.range]}
  : {autosize: true});
const layout = view => structuredClone(dark.matches ? view.dark : view.light);
let echoing = false;
function echo(from, id) {
  charts.forEach((chart, i) => {
    if (i === from) return;
    const place = id && places[i].get(id);
    const hidden = place && chart.data[place.curveNumber].visible === false;
    echoing = true;
    if (place && !hidden) Plotly.Fx.hover(chart, [place]); else Plotly.Fx.unhover(chart);
    echoing = false;
  });
}
charts.forEach((chart, i) => {
  Plotly.newPlot(chart, views[i].data, layout(views[i]), {...config, responsive: false});
  new ResizeObserver(() => fit(chart, views[i])).observe(chart);
  if (!flat) return;
  chart.on('plotly_hover', event => {
    if (!echoing) echo(i, event.points[0].customdata);
  });
  chart.on('plotly_unhover', () => { if (!echoing) echo(i, null); });
});
dark.addEventListener('change', () => charts.forEach((chart, i) =>
  Plotly.react(chart, chart.data, layout(views[i]), config)));
document.querySelectorAll('.legend button').forEach((button, group) => {
  button.addEventListener('click', () => {
    const shown = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', shown);
    charts.forEach(chart => Plotly.restyle(chart, {visible: shown}, [group]));
  });
});
"""


def page(drawn: CollectionMap, colour: Colour = "document") -> str:
    """The map as a page of its own.

    Args:
        drawn: The map.
        colour: One colour for each ``document`` or ``cluster``.
    """
    from plotly.offline import get_plotlyjs

    parts = {
        "title": _text(f"Map of {drawn.collection}"),
        "about": _text(about(drawn)),
        "asked": f'<p class="asked"><b>★</b> {_text(drawn.question)}</p>\n'
        if drawn.question
        else "",
        "css": files(__package__).joinpath("map_page.css").read_text(encoding="utf-8"),
        "views": "".join(_view(drawn, number) for number in range(len(drawn.views))),
        "legend": _legend(drawn, colour),
        "notes": "".join(f"<li>{_text(note)}</li>\n" for note in drawn.notes),
        "plotly": get_plotlyjs(),
        "data": _data(drawn, colour),
        "config": json.dumps(CONFIG),
        "script": _SCRIPT,
    }
    return _PAGE.format(**parts)


def about(drawn: CollectionMap) -> str:
    """What is on the map, in one line."""
    documents = len({passage.document.id for passage in drawn.passages})
    projection = drawn.views[0].projection
    models = " and ".join(view.model for view in drawn.views)
    arrange = "arranges" if len(drawn.views) == 1 else "arrange"
    return (
        f"{len(drawn.passages):,} passages of {documents:,} documents, as {models} {arrange} them, "
        f"drawn with {NAMES[projection.method]} in {projection.dimensions} dimensions"
    )


def _view(drawn: CollectionMap, number: int) -> str:
    # One model is named above the map already.
    heading = f"<h2>{_text(drawn.views[number].model)}</h2>\n" if len(drawn.views) > 1 else ""
    return (
        f'<section class="view">\n{heading}'
        f'<div class="chart" id="view{number}"></div>\n</section>\n'
    )


def _legend(drawn: CollectionMap, colour: Colour) -> str:
    return "".join(
        f'<li><button type="button" aria-pressed="true"><i class="{group.symbol}" '
        f'style="background:{group.colour}"></i>{_text(group.name)} '
        f"<span>{len(group.members):,}</span></button></li>\n"
        for group in groups(drawn, colour)
    )


def _data(drawn: CollectionMap, colour: Colour) -> str:
    views = []
    for number in range(len(drawn.views)):
        light = figure(drawn, number, colour=colour, legend=False)
        dark = figure(drawn, number, colour=colour, legend=False, dark=True)
        views.append(
            {
                "data": json.loads(light.to_json())["data"],
                "light": _layout(light.to_json()),
                "dark": _layout(dark.to_json()),
            }
        )
    # Inside a script only this could end it.
    return json.dumps(views, ensure_ascii=False).replace("<", "\\u003c")


def _layout(figure_json: str) -> dict[str, object]:
    layout: dict[str, object] = json.loads(figure_json)["layout"]
    layout.pop("template", None)  # 7 kB of colours that nothing here uses
    return layout


def _text(text: str) -> str:
    return escape(plain(text))
