"""Why an answer's passages stand where they do: ``rag explain`` for the reader of an answer."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.errors import RagError
from rag_app.types import Chunk, page_name
from rag_app.ui import problems, state, style
from rag_app.ui.markup import quoted, shortened
from rag_app.ui.problems import callback
from rag_app.ui.records import AnswerRecord
from rag_app.ui.resources import Resources

if TYPE_CHECKING:
    from rag_app.answering.explain import Explained, Explanation

_EXCERPT = 150


def button(message_id: int) -> None:
    """Opens and closes the panel of an answer."""
    opened = bool(st.session_state.get(_opened(message_id)))
    st.button(
        "Hide the reasons" if opened else "Why these passages?",
        icon=":material/manage_search:",
        type="tertiary",
        key=f"why_button_{message_id}",
        on_click=_toggle,
        args=(message_id,),
    )


def show(shared: Resources, record: AnswerRecord, message_id: int) -> None:
    """Draws the panel, if it is open."""
    if not st.session_state.get(_opened(message_id)):
        return
    with st.container(key=f"why_{message_id}", gap="xsmall"):
        try:
            found = _explained(shared, record, message_id)
        except RagError as error:  # said here, so that the answer above stays as it is
            problems.show(str(error))
            return
        st.html(_lead(found, shared.settings.abstain_below))
        if record.where:
            st.caption(f":material/filter_alt: Asked only of: {quoted(', '.join(record.where))}")
        for notice in found.notices:  # before the list, which is long: they say how to read it
            st.caption(f":material/info: {quoted(notice)}")
        st.html(_list(found, record))


@callback
def _toggle(message_id: int) -> None:
    state.put_widget(_opened(message_id), not state.widget(_opened(message_id)))


def _opened(message_id: int) -> str:
    return f"why_open_{message_id}"


def _explained(shared: Resources, record: AnswerRecord, message_id: int) -> Explanation:
    """Searches once more, the first time that the panel is opened."""
    key = f"why_found_{message_id}"
    if key not in st.session_state:
        with st.spinner("Searching once more …", show_time=False):
            st.session_state[key] = shared.explain(record)
    found: Explanation = st.session_state[key]
    return found


def _lead(found: Explanation, threshold: float) -> str:
    enough = "enough to answer" if found.probability >= threshold else "too little to answer"
    return (
        f'<p class="why-lead">Passages are found by meaning, with the model '
        f"{html.escape(found.embedding)}, and by the words of the question. {_weights(found)} "
        f"That the passages hold an answer is {found.probability:.0%} likely: {enough}.</p>"
    )


def _weights(found: Explanation) -> str:
    if found.dense_weight is None:
        return "Both count alike, and only a passage's places in the two lists count."
    return (
        f"For this question meaning counts {found.dense_weight:.0%} and words "
        f"{1 - found.dense_weight:.0%}."
    )


def _list(found: Explanation, record: AnswerRecord) -> str:
    numbers: dict[str, list[int]] = {}
    for citation in record.citations:
        numbers.setdefault(citation.chunk_id, []).append(citation.number)
    rows = "".join(
        _row(place, one, numbers.get(one.hit.chunk.id, []))
        for place, one in enumerate(found.hits, start=1)
    )
    return f'<ol class="why-list">{rows}</ol>' if rows else "<p>No passage was found.</p>"


def _row(place: int, one: Explained, numbers: list[int]) -> str:
    from rag_app.answering.explain import moves

    hit, ranked = one.hit, one.ranked
    page = page_name(hit.chunk.page, hit.chunk.label) if hit.document.paginated else ""
    cited = "".join(f'<i class="chip good">cited as [{number}]</i>' for number in numbers)
    words = "".join(f'<i class="chip">{html.escape(word)}</i>' for word in one.words)
    reasons = {
        "By meaning": _place(ranked.dense_rank, "likeness", hit.cosine),
        "By words": _place(ranked.keyword_rank, "BM25", hit.bm25),
        "Words it has": words or "none of the question",
        "All together": f"score {ranked.score:.2f}",
        "Its place": " → ".join(html.escape(move) for move in moves(one.places)),
    }
    shown = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in reasons.items())
    return (
        f'<li><span class="why-rank">{place}</span><div>'
        f'<div class="document"><b>{html.escape(hit.document.name)}</b>{cited}</div>'
        f"{style.facts(page, ' › '.join(hit.chunk.headings))}"
        f"<p>{html.escape(shortened(_below_headings(hit.chunk), _EXCERPT))}</p>"
        f'<dl class="how">{shown}</dl></div></li>'
    )


def _below_headings(chunk: Chunk) -> str:
    """A passage without the headings that it begins with; they stand above it already."""
    titles = {" ".join(title.split()) for title in chunk.headings}
    lines = chunk.text.splitlines()
    while lines and " ".join(lines[0].lstrip("# ").split()) in {"", *titles}:
        lines.pop(0)
    return "\n".join(lines) or chunk.text


def _place(rank: int | None, name: str, score: float | None) -> str:
    if rank is None or score is None:
        return "not in this list"
    return f"place {rank}, {name} {score:.2f}"
