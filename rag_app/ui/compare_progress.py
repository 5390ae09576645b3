"""A comparison at work: which model, at what, how long still; and the button that stops it."""

from __future__ import annotations

import html
import time
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.ui import state, wording
from rag_app.ui.compare_work import CompareJob
from rag_app.ui.markup import quoted

if TYPE_CHECKING:
    from rag_app.evaluation import Step

LOOK_S = 0.5

STAGES = {
    "load": ("getting the model ready", 0.0),
    "fit": ("learning from your documents", 0.1),
    "passages": ("reading the passages", 0.3),
    "questions": ("looking for the answers", 0.85),
    "speed": ("measuring its speed", 0.95),
}
"""What a stage is called, and how much of a model's work lies before it, roughly."""
_ORDER = [begin for _, begin in STAGES.values()] + [1.0]
SLOW_S = 4.0
"""A model that takes longer than this to be loaded is being made."""


@st.fragment(run_every=LOOK_S)
def show(job: CompareJob, collection: str) -> None:
    """Draws the box of a comparison at work until it ends, then the page anew.

    A fragment draws itself again and again: the rest of the page is complete meanwhile, and what
    was there before is gone.
    """
    if job.finished.is_set():
        state.draw_again()
    with st.container(border=True, key="compare_progress"):
        other = "" if job.collection == collection else f" of {quoted(job.collection)}"
        st.markdown(f"**Comparing the models{other}**")
        st.progress(share(job), quoted(described(job, time.monotonic() - job.since)))
        st.html(_models(job))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Stopping" if job.cancelled else "Stop",
                icon=":material/stop_circle:",
                key="compare_stop",
                disabled=job.cancelled,
                on_click=job.cancel,
            )
            st.caption(
                "It ends as soon as it can; models that are done are shown."
                if job.cancelled
                else "It goes on when you leave this page. Models that are done are kept when you "
                "stop."
            )


def share(job: CompareJob) -> float:
    """How much is done, by models and by the stages of the one at work."""
    step = job.step
    if step is None:
        return 0.0
    begin = STAGES[step.stage][1]
    end = _ORDER[_ORDER.index(begin) + 1]
    part = step.done / step.total if step.total else 0.0
    return min(0.99, (step.number - 1 + begin + part * (end - begin)) / step.models)


def described(job: CompareJob, passed: float) -> str:
    """What is being done, in a line."""
    step = job.step
    if step is None:
        made = f" · {job.done} of {job.total}" if job.total else ""
        return f"Getting the questions ready{made}"
    stage = STAGES[step.stage][0]
    if step.stage == "load" and passed > SLOW_S:
        stage += ", which happens once and may take a minute or two"
    parts = [f"{step.spec} ({step.number} of {step.models})", stage, _left(step, passed)]
    return " · ".join(part for part in parts if part)


def _left(step: Step, passed: float) -> str:
    """What the stage still takes at the pace so far."""
    if not step.done or not step.total or passed < 1:
        return f"{wording.seconds(passed)} so far" if passed > SLOW_S else ""
    left = passed * (step.total - step.done) / step.done
    return f"about {wording.seconds(max(left, 1))} left for it"


def _models(job: CompareJob) -> str:
    at = job.step.number - 1 if job.step else -1
    lines = []
    for number, spec in enumerate(job.specs):
        name = "done" if number < at else "now" if number == at else "next"
        lines.append(f'<li class="{name}">{html.escape(spec)}</li>')
    return f'<ul class="compare-steps">{"".join(lines)}</ul>'
