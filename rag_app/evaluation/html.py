"""A comparison as one file: chart, tables, and what the models found first, side by side.

Everything is in the file, plotly's script included; it asks no server for anything.
"""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files

from rag_app.evaluation.chart import quality_chart
from rag_app.evaluation.html_script import SCRIPT
from rag_app.evaluation.html_tables import costs_table, quality_table
from rag_app.evaluation.result import Comparison
from rag_app.evaluation.wording import about, remarks

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{css}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class="about">{about}</p>
<p class="verdict">{verdict}</p>
<h2>Quality against speed</h2>
<div class="chart" id="chart"></div>
<h2>Quality</h2>
{quality}
<h2>What they take</h2>
{costs}
<ul class="notes">
{notes}</ul>
<h2>Where two models disagree</h2>
<p class="pick"><label>Compare <select id="first"></select></label>
<label>with <select id="second"></select></label>
<label>found <select id="way"><option value="hybrid">with keywords</option>
<option value="dense">by vectors alone</option></select></label> <span id="count"></span></p>
<div id="questions"></div>
</main>
<script>{plotly}</script>
<script type="application/json" id="data">{data}</script>
<script>
{script}</script>
</body>
</html>
"""


def to_html(comparison: Comparison) -> str:
    """The comparison as a page of its own, in light or dark as the reader's system is."""
    from plotly.offline import get_plotlyjs

    notes = [
        *comparison.notices,
        *(f"{one.spec} was not compared: {one.reason}" for one in comparison.failures),
        *(remark for model in comparison.models for remark in remarks(model)),
        _EXPLAINED,
    ]
    return _PAGE.format(
        title=escape(f"Embedding models for {comparison.collection}"),
        about=escape(about(comparison)),
        verdict=escape(comparison.recommendation.sentence),
        quality=quality_table(comparison),
        costs=costs_table(comparison),
        notes="".join(f"<li>{escape(note)}</li>\n" for note in notes),
        css=files(__package__).joinpath("compare_page.css").read_text(encoding="utf-8"),
        script=SCRIPT,
        plotly=get_plotlyjs(),
        data=_data(comparison),
    )


_EXPLAINED = (
    "nDCG@10 is 1 when the passage asked for always comes first and 0 when it never is among the "
    "first ten. In brackets: 95 % intervals, bootstrapped over questions. To the best: the "
    "difference question by question, with the 95 % interval and the p of a paired randomisation "
    "test after Holm's correction; where 0 lies in the interval, the difference may be chance, and "
    "a dot marks the model. Memory: growth of the process while the model was at work."
)


def _data(comparison: Comparison) -> str:
    figure = json.loads(quality_chart(comparison).to_json())
    figure["layout"].pop("template", None)  # 7 kB of colours that nothing here uses
    whole = comparison.to_json()
    kept = {key: whole[key] for key in ("questions", "shown", "by")}
    specs = [model.spec for model in comparison.models]
    # Inside a script only "<" could end it.
    return json.dumps(kept | {"models": specs, "figure": figure}, ensure_ascii=False).replace(
        "<", "\\u003c"
    )
