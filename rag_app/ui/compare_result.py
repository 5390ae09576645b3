"""The result of a comparison: what to choose and why, the table, the chart, and the differences."""

from __future__ import annotations

import html
import json
from datetime import datetime

import streamlit as st

from rag_app.evaluation import Comparison
from rag_app.evaluation.wording import remarks
from rag_app.store import CollectionInfo
from rag_app.ui import compare_difference, compare_switch, style, switch_dialog, wording
from rag_app.ui.compare_table import WAYS, details, table
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources

EXPLAINED = """\
- **Quality** (nDCG@10) is 1 when the passage that answers always comes first, and 0 when it is \
never among the first ten. The bar shows where the true figure lies with 95 % certainty.
- **Below the bar** stands the difference to the best, question by question, with its 95 % \
interval. Where 0 lies in it, chance alone can have made the difference, and neither model is \
called better. It tells more than two bars, which may overlap although one model is surely better.
- **With keywords** is how answers are found: words and meaning together. **By meaning alone** is \
what the model does by itself.
- **In the first five**: how often the passage is among the five that an answer rests on.
- **Passages a second** and **size** are measured on this machine. **Dimensions** is how many \
numbers describe a passage: fewer take less space.
"""
DETAILED = (
    "MRR@10: the mean of 1, ½, ⅓ … for the right passage at the first, second, third place. "
    "Recall@5: how often it is among the first five. The test says how likely chance alone makes "
    "such a difference to the best (paired randomisation, after Holm's correction); the intervals "
    "of the differences are those of this test: 0 lies in one where p is 0.05 or more. A question: "
    "milliseconds to embed it, in the median and for one in twenty. Memory: by how much the "
    "process grew."
)


def show(shared: Resources, info: CollectionInfo, comparison: Comparison) -> None:
    """Draws everything there is to say."""
    _headline(comparison)
    wanted = compare_switch.chosen(info, comparison)
    _changed(shared, info, comparison)
    for notice in comparison.notices:
        st.caption(quoted(notice))
    if comparison.models:
        st.html(table(comparison, compare_switch.in_use(info, comparison)))
        with st.expander("What the figures mean", icon=":material/help:"):
            st.markdown(EXPLAINED)
            for model in comparison.models:
                for remark in remarks(model):
                    st.caption(quoted(remark))
        with st.expander("All figures", icon=":material/table:"):
            st.html(details(comparison))
            st.caption(DETAILED)
    _failures(comparison)
    if any(model.costs.chunks_per_second for model in comparison.models):
        _chart(comparison)
    if len(comparison.models) > 1 and comparison.questions:
        compare_difference.show(comparison)
    _downloads(comparison)
    if wanted:  # at the end: the page is complete while the window gets things ready
        switch_dialog.show(shared, info.name, wanted)


def _headline(comparison: Comparison) -> None:
    """The recommendation, its first words large; then what it rests on."""
    verdict, _, reason = comparison.recommendation.sentence.partition(": ")
    if not any(reason.startswith(model.spec) for model in comparison.models):
        reason = reason[:1].upper() + reason[1:]  # a spec is written as it is
    moment = datetime.fromisoformat(comparison.made_at)
    st.html(
        f'<div class="verdict"><h2>{html.escape(verdict)}</h2>'
        + (f"<p>{html.escape(reason)}</p>" if reason else "")
        + style.facts(
            wording.when(moment),
            comparison.question_set,
            wording.count(comparison.passages, "passage"),
            f"found {WAYS[comparison.by]}",
        )
        + "</div>"
    )


def _changed(shared: Resources, info: CollectionInfo, comparison: Comparison) -> None:
    made = datetime.fromisoformat(comparison.made_at)
    changed = made < info.updated_at
    if changed and made < info.since:  # a change of model writes every document anew
        records = shared.store.get(info.name).documents()
        changed = any(made < record.added_at for record in records)
    if changed:
        st.info(
            "Documents came or went since this comparison. Make a new one to be sure.",
            icon=":material/history:",
        )


def _failures(comparison: Comparison) -> None:
    for failure in comparison.failures:
        st.warning(
            f"**{quoted(failure.spec)}** could not be compared. {quoted(failure.reason)}",
            icon=":material/error:",
        )


def _chart(comparison: Comparison) -> None:
    from rag_app.evaluation.chart import quality_chart

    st.html('<h3 class="section">Quality against speed</h3>')
    st.caption("Higher finds better, further right is faster. Lines show the 95 % intervals.")
    st.plotly_chart(
        quality_chart(comparison),
        height=380,
        key="compare_chart",
        config={"displayModeBar": False, "scrollZoom": False},
        alt="Each model as a point: quality upwards, passages a second to the right.",
    )


def _downloads(comparison: Comparison) -> None:
    name = f"comparison-{comparison.collection}-{comparison.made_at[:10]}"
    with st.container(horizontal=True, key="compare_downloads"):
        st.download_button(
            "Download as a page",
            lambda: _page(comparison),
            f"{name}.html",
            "text/html",
            icon=":material/download:",
            key="compare_html",
            on_click="ignore",
        )
        st.download_button(
            "Download the figures",
            lambda: json.dumps(comparison.to_json(), ensure_ascii=False, indent=1),
            f"{name}.json",
            "application/json",
            icon=":material/data_object:",
            key="compare_json",
            on_click="ignore",
        )


def _page(comparison: Comparison) -> str:
    from rag_app.evaluation import to_html

    return to_html(comparison)
