"""The page that compares embedding models on the documents of a collection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.evaluation import Comparison
from rag_app.store import CollectionInfo
from rag_app.ui import (
    collection_choice,
    compare_models,
    compare_progress,
    compare_questions,
    compare_result,
    compare_sending,
    problems,
    state,
    style,
    switch_progress,
    wording,
)
from rag_app.ui.compare_material import kept_of, prepare
from rag_app.ui.compare_setup import Setup, Wanted, setup_of
from rag_app.ui.compare_work import CompareJob, desk
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources, resources
from rag_app.ui.work import Work

if TYPE_CHECKING:
    from rag_app.embeddings import ModelStatus
    from rag_app.evaluation import Material

LEAST_PASSAGES = 20
"""Among fewer, every model finds the right one."""
LEAST_MODELS = 2


def page() -> None:
    """Draws the page."""
    shared = resources()
    style.page_heading(
        "Compare",
        "Which embedding model finds the right passages in your documents? Models answer the same "
        "questions here, and you see who was right.",
    )
    with st.container(key="compare_page"):
        _page(shared)


def _page(shared: Resources) -> None:
    info = collection_choice.choose(shared)
    if info is None:
        collection_choice.nothing(
            "There is nothing to compare on yet",
            f"Add documents first: models are compared on at least {LEAST_PASSAGES} passages of "
            "your own.",
        )
        return
    switch_progress.show(shared, info)
    running = desk().running
    if running is not None:
        compare_progress.show(running, info.name)
        if running.collection != info.name:
            _last_result(shared, info)
    elif info.chunks < LEAST_PASSAGES:
        _too_few(info)
    else:
        _result_or_choice(shared, info)


def _too_few(info: CollectionInfo) -> None:
    collection_choice.nothing(
        "Too few passages to compare on",
        f"This collection has {wording.count(info.chunks, 'passage')}. Add documents until there "
        f"are at least {LEAST_PASSAGES}: among fewer, every model finds the right one.",
    )


def _last_result(shared: Resources, info: CollectionInfo) -> bool:
    """Draws the last result of the collection; says whether there is one."""
    comparison: Comparison | None = None
    with problems.in_plain_words():
        comparison = desk().result(shared.settings, info.name)
    if comparison is not None:
        compare_result.show(shared, info, comparison)
    return comparison is not None


def _result_or_choice(shared: Resources, info: CollectionInfo) -> None:
    from rag_app.embeddings import list_models

    models = list_models(shared.settings)
    setup = setup_of(info, models)
    ended = desk().ended(info.name)
    if ended is not None and (ended.error or ended.unkept):
        _complaint(ended)
    if not setup.editing:
        with st.container(key="compare_again_bar"):
            place = st.empty()
        if _last_result(shared, info):
            place.button(
                "New comparison",
                icon=":material/tune:",
                key="compare_again",
                on_click=_edit,
                args=(setup, True),
            )
            return
    _choice(shared, info, setup, models)


def _complaint(job: CompareJob) -> None:
    problems.show(job.error or job.unkept)
    if job.error:
        st.button("Close", key="compare_dismiss", type="tertiary", on_click=desk().dismiss)


def _edit(setup: Setup, editing: bool) -> None:
    setup.editing = editing


def _choice(
    shared: Resources, info: CollectionInfo, setup: Setup, models: Sequence[ModelStatus]
) -> None:
    if setup.editing:
        st.button(
            "Back to the last result",
            icon=":material/arrow_back:",
            type="tertiary",
            key="compare_back",
            on_click=_edit,
            args=(setup, False),
        )
    st.html('<h3 class="step"><i>1</i>Models</h3>')
    compare_models.show(shared, info, setup, models)
    st.html('<h3 class="step"><i>2</i>Questions</h3>')
    wanted = compare_questions.show(shared, info, setup)
    st.html('<h3 class="step"><i>3</i>Compare</h3>')
    agreed = compare_sending.agreed(
        shared, info, setup, compare_questions.receivers(shared, wanted)
    )
    missing = _missing(setup, wanted, agreed=agreed)
    started = st.button(
        f"Compare {wording.count(len(setup.chosen), 'model')}",
        type="primary",
        icon=":material/play_arrow:",
        key="compare_start",
        disabled=bool(missing),
    )
    st.caption(missing or f"On all {wording.count(info.chunks, 'passage')} of {quoted(info.name)}.")
    if started:
        _start(shared, info, setup, wanted)


def _missing(setup: Setup, wanted: Wanted, *, agreed: bool) -> str:
    """What has to be done before a comparison can begin."""
    if len(setup.chosen) < LEAST_MODELS:
        return "Choose at least two models."
    if wanted.source == "file" and wanted.file is None:
        return "Give a file with questions, or choose other questions."
    if setup.draft is not None and not setup.draft.work.finished.is_set():
        return "The questions are being made."
    return "" if agreed else "Agree first to what is sent, or leave those models out."


def _start(shared: Resources, info: CollectionInfo, setup: Setup, wanted: Wanted) -> None:
    material = kept_of(setup.draft) if setup.draft else None
    collection = shared.store.get(info.name)

    def gather(work: Work[Comparison]) -> Material:
        return material or prepare(collection, shared.settings, wanted, work)[0]

    job = CompareJob(shared.settings, info.name, setup.chosen, gather)
    if desk().start(job):
        setup.editing = False
        setup.agreed = ()  # the next one is asked about anew
    else:
        state.say("Another comparison is at work; wait until it ends")
    st.rerun()
