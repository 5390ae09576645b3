"""The figures of a measurement on words, as tables."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.evaluation.bias import MEANING, BiasReport
from rag_app.evaluation.word_measures import AnalogyScore, PairScore, WordReport
from rag_app.ui.markup import quoted

if TYPE_CHECKING:
    from rag_app.evaluation.bias import BiasScore

NONE = "—"


def show(report: WordReport | BiasReport) -> None:
    """Draws what was measured of a model."""
    with st.container(key="models_figures"):
        st.html(f'<h3 class="section">{html.escape(report.model)}</h3>')
        if isinstance(report, BiasReport):
            _bias(report)
        else:
            _words(report)


def _words(report: WordReport) -> None:
    st.html(
        _table(
            ("Rated pairs", "ρ", "95 % interval", "Known pairs"),
            (_pair(score) for score in report.sets),
        )
    )
    st.caption(
        "ρ (Spearman's rank correlation): 1 where the model puts the pairs into the order of "
        "people's ratings, 0 where it has nothing to do with it. Pairs with a word that the model "
        "does not know are not counted."
    )
    if report.analogies is not None:
        _analogies(report.analogies)


def _pair(score: PairScore) -> Sequence[str]:
    known = f"{score.known:,} of {score.pairs:,}"
    if score.rho is None:
        return score.name, NONE, NONE, known
    return score.name, f"{score.rho:.3f}", f"{score.low:.3f} to {score.high:.3f}", known


def _analogies(scored: AnalogyScore) -> None:
    st.html(
        _table(
            ("Analogies", "Right", "Can be asked"),
            (
                (
                    section.name,
                    NONE if section.accuracy is None else f"{section.accuracy:.1%}",
                    f"{section.known:,} of {section.questions:,}",
                )
                for section in (scored.total, *scored.sections)
            ),
        )
    )
    st.caption(quoted(f"An answer is chosen from {scored.searched}."))


def _bias(report: BiasReport) -> None:
    st.html(
        _table(
            ("Words, and what they are linked to", "Effect size", "p", "Known words"),
            (_association(score) for score in report.tests),
        )
    )
    for score in report.tests:
        if score.reason:
            st.caption(quoted(f"{score.name}: not measured, as {score.reason}."))
    st.info(quoted(MEANING), icon=":material/info:")


def _association(score: BiasScore) -> Sequence[str]:
    return (
        score.name,
        NONE if score.effect is None else f"{score.effect:.2f}",
        NONE if score.p is None else "< 0.001" if score.p < 0.001 else f"{score.p:.3f}",
        f"{score.known} of {score.words}",
    )


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in headings)
    body = "".join(
        f"<tr><th>{html.escape(first)}</th>"
        + "".join(
            f'<td data-head="{html.escape(heading)}">{html.escape(cell)}</td>'
            for heading, cell in zip(headings[1:], cells, strict=True)
        )
        + "</tr>"
        for first, *cells in rows
    )
    return (
        f'<table class="compare-table models-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
