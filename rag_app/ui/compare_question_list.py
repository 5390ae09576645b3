"""A look at the questions: each with the passage it points to, and a box to leave it out."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.ui import problems, state, wording
from rag_app.ui.compare_excerpt import excerpt_about, label
from rag_app.ui.compare_material import kept_of
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources

if TYPE_CHECKING:
    from rag_app.evaluation import EvalQuestion, Material
    from rag_app.ui.compare_setup import Draft

PER_PAGE = 8
EXCERPT = 240


def show(shared: Resources, collection: str, draft: Draft) -> None:
    """Draws the questions of a draft that is there."""
    material = draft.work.result
    if material is None:
        return
    if draft.problems:
        _problems(draft)
    for notice in material.notices:
        st.caption(quoted(notice))
    with st.container(key="compare_questions", gap="small", border=True):
        if not material.questions:
            st.write("No question could be made: the documents have too little running text.")
            return
        left = sum(one.question not in draft.dropped for one in material.questions)
        st.markdown(
            f"**{wording.count(len(material.questions), 'question')}**"
            + ("" if left == len(material.questions) else f", {left:,} of them kept")
        )
        pages = -(-len(material.questions) // PER_PAGE)
        place = st.container(gap="small")
        number = 1
        if pages > 1:
            number = min(st.pagination(pages, key=f"compare_question_page_{collection}"), pages)
        with place:
            for index in range((number - 1) * PER_PAGE, number * PER_PAGE):
                if index < len(material.questions):
                    _question(material, draft, index)
        _actions(shared, collection, draft, left)


def _question(material: Material, draft: Draft, index: int) -> None:
    one = material.questions[index]
    key = f"compare_question_{id(draft)}_{index}"
    with st.container(gap=None, key=f"compare_row_{index}"):
        st.checkbox(
            label(one.question),
            value=one.question not in draft.dropped,
            key=key,
            on_change=_keep,
            args=(draft, one.question, key),
        )
        st.html(_passage(material, one))


def _passage(material: Material, one: EvalQuestion) -> str:
    passage = material.passages.by_id.get(one.chunk_ids[0])
    if passage is None:
        return ""
    page = f", page {one.page}" if one.page and passage.document.paginated else ""
    more = len(one.targets) - 1
    others = f" and {wording.count(more, 'other passage')}" if more > 0 else ""
    return (
        f'<p class="points-to"><b>{html.escape(passage.document.name)}{page}{others}</b> '
        f"{excerpt_about(passage.chunk.text, one.text, EXCERPT)}</p>"
    )


def _keep(draft: Draft, question: str, key: str) -> None:
    if state.widget(key):
        draft.dropped.discard(question)
    else:
        draft.dropped.add(question)


def _problems(draft: Draft) -> None:
    lines = "".join(f"<li>{html.escape(problem)}</li>" for problem in draft.problems)
    count = wording.count(len(draft.problems), "line")
    with st.expander(f"{count} of the file could not be used", icon=":material/warning:"):
        st.html(f'<ul class="outcomes">{lines}</ul>')


def _actions(shared: Resources, collection: str, draft: Draft, left: int) -> None:
    with st.container(horizontal=True, key="compare_question_actions"):
        st.button(
            "Save this set",
            icon=":material/bookmark:",
            key="compare_save",
            disabled=not left,
            help="Kept for this collection: the next comparison can ask the same questions.",
            on_click=problems.callback(_save),
            args=(shared, draft),
        )
        st.download_button(
            "Download",
            lambda: _lines(draft),
            f"questions-{collection}.jsonl",
            "application/jsonl",
            icon=":material/download:",
            key="compare_download_questions",
            disabled=not left,
            on_click="ignore",
        )


def _save(shared: Resources, draft: Draft) -> None:
    from rag_app.evaluation import save_questions

    material = kept_of(draft)
    if material is not None:
        save_questions(material, shared.settings)
        state.say(f"{wording.count(len(material.questions), 'question')} saved for this collection")


def _lines(draft: Draft) -> str:
    material = kept_of(draft)
    if material is None:
        return ""
    lines = (one.to_json(material.passages) for one in material.questions)
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
