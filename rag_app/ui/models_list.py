"""The models that there are: what each reads, where its text goes, and what is missing."""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.types.kinds import LANGUAGES
from rag_app.ui import models_made
from rag_app.ui.compare_models import PLAIN, need
from rag_app.ui.compare_setup import is_pattern
from rag_app.ui.models_choice import Choice
from rag_app.ui.resources import Resources

if TYPE_CHECKING:
    from rag_app.embeddings import ModelStatus

UNKNOWN = "—"
_HEADINGS = ("Model", "Dimension", "Reads", "Languages", "Text")


def show(shared: Resources, chosen: Choice) -> None:
    """Draws the list; nothing is chosen here, but what was made can be removed."""
    del chosen
    from rag_app.embeddings import list_models

    groups: dict[str, list[ModelStatus]] = defaultdict(list)
    for status in list_models(shared.settings):
        groups[_group(status)].append(status)
    _heading("Ready")
    st.html(_table(groups["ready"], _users(shared)))
    models_made.show(shared)
    _heading("Made of your documents")
    st.caption("They know nothing yet: under Train they learn the words of a collection.")
    st.html(_kinds(groups["fit"]))
    _heading("Any other of these kinds")
    st.caption("Write a name or a folder for the capitals, wherever a model is chosen.")
    st.html(_kinds(groups["named"]))
    _missing(groups["missing"])
    st.caption(
        "Dimension: numbers in a vector. Reads: how many tokens of a passage the model takes in; a "
        f"token is a short word or a part of one. {UNKNOWN} stands for what is not known before "
        "the model is loaded. Which one finds most in your documents is told by the page Compare."
    )


def _heading(title: str) -> None:
    st.html(f'<h3 class="section">{title}</h3>')


def _missing(statuses: Sequence[ModelStatus]) -> None:
    """Draws what cannot be used yet, by what it needs."""
    if not statuses:
        return
    _heading("Not ready yet")
    by_need: dict[str, list[ModelStatus]] = defaultdict(list)
    for status in statuses:
        by_need[need(status.state)].append(status)
    for wanted, group in by_need.items():
        st.html(f'<p class="models-need">{html.escape(wanted)}</p>{_table(group, {})}')


def _group(status: ModelStatus) -> str:
    if is_pattern(status.spec):
        return "named"
    return {"ready": "ready", "needs a fit": "fit"}.get(status.state, "missing")


def _users(shared: Resources) -> Mapping[str, Sequence[str]]:
    """The collections by the spec of the model that they answer with."""
    users: dict[str, list[str]] = defaultdict(list)
    for info in shared.collections():
        users[info.embedding.spec].append(info.name)
    return users


def _table(statuses: Sequence[ModelStatus], users: Mapping[str, Sequence[str]]) -> str:
    head = "".join(f"<th>{heading}</th>" for heading in _HEADINGS)
    rows = "".join(_row(status, users.get(status.spec, ())) for status in statuses)
    return (
        f'<table class="compare-table models-table models-list"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _row(status: ModelStatus, users: Sequence[str]) -> str:
    chips = "".join(f'<em class="chip good">in use by {html.escape(name)}</em>' for name in users)
    cells = (
        f"{status.dimension:,}" if status.dimension else UNKNOWN,
        f"{status.max_tokens:,}" if status.max_tokens else UNKNOWN,
        _languages(status.languages),
        f"goes to {status.destination}" if status.destination else "stays here",
    )
    shown = "".join(
        f'<td data-head="{heading}">{html.escape(cell)}</td>'
        for heading, cell in zip(_HEADINGS[1:], cells, strict=True)
    )
    chips = f'<span class="compare-chips">{chips}</span>' if chips else ""
    return (
        f"<tr><th><b>{html.escape(status.spec)}</b><p>{html.escape(_about(status))}</p>"
        f"{chips}</th>{shown}</tr>"
    )


def _kinds(statuses: Sequence[ModelStatus]) -> str:
    """Models of which no figure is known: what they are called, and what they are."""
    items = "".join(
        f"<li><b>{html.escape(status.spec)}</b><p>{html.escape(_about(status))}</p></li>"
        for status in statuses
    )
    return f'<ul class="models-kinds">{items}</ul>'


def _about(status: ModelStatus) -> str:
    said = PLAIN.get(status.spec) or status.note
    return said[:1].upper() + said[1:]


def _languages(codes: Sequence[str] | None) -> str:
    if codes is None:
        return UNKNOWN
    return ", ".join(LANGUAGES.get(code, code).capitalize() for code in codes)
