"""Two models side by side: what each put first for a question, and which one was right."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from rag_app.evaluation import Comparison, differences, most_different
from rag_app.evaluation.model_result import Way
from rag_app.evaluation.ranking import Found
from rag_app.evaluation.result import QuestionResult, ShownPassage
from rag_app.ui import wording
from rag_app.ui.compare_excerpt import excerpt
from rag_app.ui.compare_table import WAYS

PER_PAGE = 6
EXCERPT = 300


@dataclass(frozen=True, slots=True)
class _Pair:
    """The two models that are looked at, and how passages were found."""

    first: str
    second: str
    way: Way


def show(comparison: Comparison) -> None:
    """Draws the choice of two models, and the questions."""
    st.html('<h3 class="section">Question by question</h3>')
    pair, only_different = _choose(comparison)
    if pair.first == pair.second:
        st.caption("Choose two different models.")
        return
    different = differences(comparison, pair.first, pair.second, pair.way)
    _summary(pair, [one.right for one in different], len(comparison.questions))
    shown = [one.question for one in different] if only_different else comparison.questions
    if not shown:
        return
    pages = -(-len(shown) // PER_PAGE)
    place = st.container(gap="small", key="compare_differences")
    number = 1
    if pages > 1:
        name = f"{pair.first}_{pair.second}_{pair.way}_{only_different}"
        number = min(st.pagination(pages, key=f"compare_difference_page_{name}"), pages)
    with place:
        for one in shown[(number - 1) * PER_PAGE : number * PER_PAGE]:
            st.html(_question(comparison, one, pair))


def _choose(comparison: Comparison) -> tuple[_Pair, bool]:
    specs = [model.spec for model in comparison.models]
    first, second = most_different(comparison) or (specs[0], specs[1])
    made = comparison.made_at  # a new comparison begins with its own two models
    with st.container(horizontal=True, vertical_alignment="bottom", key="compare_pair"):
        a = st.selectbox("Model", specs, specs.index(first), key=f"compare_a_{made}")
        b = st.selectbox("Beside", specs, specs.index(second), key=f"compare_b_{made}")
    with st.container(horizontal=True, vertical_alignment="center", key="compare_filter"):
        way = st.segmented_control(
            "Found",
            list(WAYS),
            default=comparison.by,
            required=True,
            format_func=lambda way: WAYS[way].capitalize(),
            key=f"compare_way_{made}",
            label_visibility="collapsed",
        )
        only = st.toggle("Only where they disagree", value=True, key="compare_only")
    return _Pair(a, b, way), only


def _summary(pair: _Pair, right: Sequence[str | None], questions: int) -> None:
    if not right:
        st.caption("These two put the same passages first, for every question.")
        return
    first, second = (sum(spec == one for spec in right) for one in (pair.first, pair.second))
    neither = len(right) - first - second
    parts = [
        f"{html.escape(pair.first)} was nearer {first}×",
        f"{html.escape(pair.second)} {second}×",
        f"neither {neither}×" if neither else "",
    ]
    st.html(
        f'<p class="points-to">They disagree on {len(right):,} of '
        f"{wording.count(questions, 'question')}: {', '.join(filter(None, parts))}.</p>"
    )


def _question(comparison: Comparison, one: QuestionResult, pair: _Pair) -> str:
    targets = one.question.chunk_ids
    wanted = comparison.shown.get(targets[0]) if targets else None
    found = one.found(pair.way)
    sides = "".join(
        _side(comparison, spec, found[spec], targets) for spec in (pair.first, pair.second)
    )
    answer = ""
    if wanted is not None:
        answer = (
            f'<p class="points-to">The answer is in <b>{_place(wanted)}</b> '
            f"{excerpt(wanted.text, EXCERPT)}</p>"
        )
    return (
        f'<section class="difference"><h4>{html.escape(one.question.question)}</h4>{answer}'
        f'<div class="sides">{sides}</div></section>'
    )


def _side(comparison: Comparison, spec: str, found: Found, targets: Sequence[str]) -> str:
    passage = comparison.shown.get(found.first) if found.first else None
    right = found.first in targets
    if right:
        chip = '<em class="chip good">right</em>'
    elif found.rank:
        chip = f'<em class="chip warn">the right one comes at {found.rank}</em>'
    else:
        chip = '<em class="chip bad">the right one is not among the first ten</em>'
    if passage is None:
        text = "<p>It found nothing.</p>"
    elif right:
        text = f"<p><b>{_place(passage)}</b></p>"
    else:
        text = f"<p><b>{_place(passage)}</b> {excerpt(passage.text, EXCERPT)}</p>"
    tone = "right" if right else "wrong"
    return f'<div class="{tone}"><span><b>{html.escape(spec)}</b>{chip}</span>{text}</div>'


def _place(passage: ShownPassage) -> str:
    page = f", page {passage.page}" if passage.page else ""
    return html.escape(f"{passage.document}{page}")
