"""A model in the making on the page, and what came of it."""

from __future__ import annotations

import html

import streamlit as st

from rag_app.store import CollectionInfo
from rag_app.ui import problems, state, switch_dialog, wording
from rag_app.ui.compare_excerpt import label
from rag_app.ui.compare_setup import setup_of
from rag_app.ui.markup import quoted
from rag_app.ui.models_choice import Choice, choice
from rag_app.ui.models_work import LEARN, Learned, LearnJob, TuneJob, learning
from rag_app.ui.resources import Resources
from rag_app.ui.switch_work import switches

STAGES = {
    "questions": ("getting the questions ready", 0.0),
    "load": ("getting the model ready", 0.04),
    "before": ("scoring it as it is", 0.08),
    "training": ("training", 0.25),
    "after": ("scoring the tuned one", 0.83),
}
"""What a stage is called, and how much of a tuning lies before it, roughly."""
_ORDER = [begin for _, begin in STAGES.values()] + [1.0]


def share(job: LearnJob) -> float:
    """How much is done; of a tuning, by its stages."""
    if not isinstance(job, TuneJob):
        return min(0.99, job.share)
    begin = STAGES[job.stage][1]
    end = _ORDER[_ORDER.index(begin) + 1]
    return min(0.99, begin + job.share * (end - begin))


def described(job: LearnJob) -> str:
    """What is being done, in a line."""
    parts = [STAGES[job.stage][0]]
    if job.stage == "training" and job.total:
        parts.append(f"{job.done} of {wording.count(job.total, 'step')}")
    if job.seconds > 2:
        parts.append(f"{wording.seconds(job.seconds)} so far")
    if isinstance(job, TuneJob) and (left := job.seconds_left):
        parts.append(f"about {wording.seconds(left)} left of this part")
    text = " · ".join(parts)
    return text[:1].upper() + text[1:]


def show(shared: Resources, job: LearnJob) -> None:
    """Draws what came of a job that has ended, until the reader closes it."""
    with st.container(border=True, key="models_ended", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            _outcome(job)
            st.space("stretch")
            st.button(
                "",
                icon=":material/close:",
                type="tertiary",
                key="models_close",
                help="Close this report",
                on_click=learning().dismiss,
                args=(LEARN,),
            )
        if job.result is None:
            _again(job)
            return
        if job.result.tuned is not None:
            _scored(job.result)
        for notice in job.notices:
            st.caption(quoted(notice))
        _next(shared, job, job.result)


def _outcome(job: LearnJob) -> None:
    made = job.result
    if job.error:
        problems.show(job.error)
    elif made is None:
        st.markdown(f":orange[:material/info:] You stopped it. {job.stopping}")
    elif made.tuned is None:
        texts = wording.count(made.texts, "passage")
        st.markdown(
            f":green[:material/check_circle:] **{quoted(made.spec)}** is ready. It has learned "
            f"from {texts} of {quoted(job.collection)}."
        )
    else:
        st.markdown(f":green[:material/check_circle:] **{quoted(made.spec)}** is ready.")


def _again(job: LearnJob) -> None:
    if isinstance(job, TuneJob):
        st.button(
            "Go on",
            icon=":material/play_arrow:",
            key="models_again",
            on_click=_go_on,
            args=(job,),
        )


def _go_on(job: TuneJob) -> None:
    learning().start(LEARN, job.again())


def _scored(made: Learned) -> None:
    """The score before and after, and what follows from it."""
    from rag_app.evaluation.wording import with_interval

    tuned = made.tuned
    if tuned is None:
        return
    change = tuned.score.difference
    rows = (
        (f"{tuned.base}, before", with_interval(tuned.score.before)),
        (f"{tuned.spec}, after", with_interval(tuned.score.after)),
        ("Difference", f"{change.mean:+.3f} [{change.low:+.3f} to {change.high:+.3f}]"),
    )
    lines = "".join(
        f'<tr><th>{html.escape(name)}</th><td data-head="nDCG@10">{html.escape(figure)}</td></tr>'
        for name, figure in rows
    )
    st.html(
        f'<div class="verdict"><h2>{html.escape(tuned.verdict)}</h2>'
        f"<p>nDCG@10 of {html.escape(tuned.asked)}, with 95 % intervals: 1 where the right passage "
        "comes first for every question, 0 where it is never among the first ten.</p></div>"
        f'<table class="compare-table models-table"><tbody>{lines}</tbody></table>'
    )
    st.caption(
        quoted(
            f"It has learned from {wording.count(tuned.pairs, 'pair')} of question and passage, of "
            f"{wording.count(tuned.learned_documents, 'document')}, in "
            f"{wording.seconds(tuned.seconds)} ({tuned.device}). Learned and judged by "
            f"{tuned.questions}."
        )
    )


def _next(shared: Resources, job: LearnJob, made: Learned) -> None:
    """The ways on from here: a comparison, a switch, a look at the words."""
    info = next((one for one in shared.collections() if one.name == job.collection), None)
    if info is None:  # deleted meanwhile
        return
    recommended = made.tuned is None or made.tuned.recommended
    with st.container(horizontal=True):
        if st.button("Compare it", icon=":material/balance:", key="models_compare"):
            _compare(shared, info, made)
        st.button(
            "Look at its words",
            icon=":material/abc:",
            key="models_look",
            on_click=_look,
            args=(choice(), made.spec),
        )
        if recommended and st.button(
            f"Switch {label(info.name)} to it…",
            icon=":material/swap_horiz:",
            key="models_switch",
            type="primary" if made.tuned else "secondary",
            disabled=switches().running(info.name) is not None,
        ):
            switch_dialog.show(shared, info.name, made.spec)
    if not recommended:
        st.caption(
            "It is kept, and not recommended: a switch would cost time and find no more. More "
            "questions of your own, or more documents, may help."
        )


def _compare(shared: Resources, info: CollectionInfo, made: Learned) -> None:
    from rag_app.embeddings import list_models

    setup = setup_of(info, list_models(shared.settings))
    setup.own = list(dict.fromkeys([*setup.own, made.spec]))
    setup.choose(made.spec, chosen=True)
    if made.tuned is not None:
        setup.choose(made.tuned.base, chosen=True)
    setup.editing = True
    state.put(state.Key.COLLECTION, info.name)
    state.go_to("compare")


def _look(chosen: Choice, spec: str) -> None:
    chosen.section, chosen.model = "words", spec
