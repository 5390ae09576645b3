"""The passages that a question found on the map, as cards below it."""

from __future__ import annotations

import html

import streamlit as st

from rag_app.evaluation.collection_map import Mark, View
from rag_app.ui.compare_excerpt import excerpt
from rag_app.ui.map_work import Drawn

_SHOWN = 900


def show(drawn: Drawn) -> None:
    """Draws the hits of each model, best first, numbered as on the map."""
    views = drawn.map.views
    if not drawn.map.question:
        return
    st.html(f'<h3 class="section">Found for “{html.escape(drawn.map.question)}”</h3>')
    if not any(view.hits for view in views):
        st.caption("Nothing was found. Ask in other words, or something that the documents tell.")
        return
    columns = "".join(_column(drawn, view) for view in views)
    several = " several" if len(views) > 1 else ""
    st.html(f'<div class="map-hits{several}">{columns}</div>')


def _column(drawn: Drawn, view: View) -> str:
    others = [other for other in drawn.map.views if other is not view]
    elsewhere = {_id(hit) for other in others for hit in other.hits}
    cards = "".join(
        _card(rank, hit, alone=bool(others) and _id(hit) not in elsewhere)
        for rank, hit in enumerate(view.hits, 1)
    )
    heading = f"<h4>{html.escape(view.model)}</h4>" if others else ""
    return f"<div>{heading}{cards or '<p>Nothing was found.</p>'}</div>"


def _card(rank: int, hit: Mark, *, alone: bool) -> str:
    if hit.passage is None:
        return ""
    chunk, document = hit.passage
    told = [f"page {chunk.page}"] if document.paginated else []
    told += [f"cosine {hit.cosine:.2f}", *([" › ".join(chunk.headings)] if chunk.headings else [])]
    where = "".join(f"<i>·</i><span>{html.escape(part)}</span>" for part in told)
    chip = ' <em class="chip warn">only here</em>' if alone else ""
    return (
        f'<article class="map-hit"><b class="rank">{rank}</b><div>'
        f'<div class="facts"><b>{html.escape(document.name)}</b>{where}'
        f"{chip}</div><p>{excerpt(chunk.text, _SHOWN)}</p></div></article>"
    )


def _id(hit: Mark) -> str:
    return hit.passage.chunk.id if hit.passage else ""
