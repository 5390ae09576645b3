"""How far a model agrees with people about words, and what it links to what."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from rag_app.ui import models_figures, models_pick, problems, state, wording
from rag_app.ui.markup import quoted
from rag_app.ui.models_choice import Choice, Measure, bound
from rag_app.ui.models_work import MEASURE, MeasureJob, measuring
from rag_app.ui.resources import Resources
from rag_app.ui.state import Key

LOOK_S = 0.5
TITLES: Mapping[Measure, str] = {
    "words": "Agreement with people",
    "bias": "Associations (bias)",
}
ABOUT: Mapping[Measure, str] = {
    "words": "People rated how alike two words are; a model should put the pairs into the same "
    "order. This says little about finding passages: the page Compare measures that, on your own "
    "documents.",
    "bias": "Which words does a model link to which? Word Embedding Association Tests (WEAT, "
    "Caliskan et al. 2017), on English words.",
}


def show(shared: Resources, chosen: Choice) -> None:
    """Draws what can be measured, a measurement at work, and the last figures."""
    running = measuring().running(MEASURE)
    if running is not None:
        _follow(running)
        return
    infos = shared.collections()
    name = state.choose(Key.COLLECTION, [one.name for one in infos], shared.settings.collection)
    info = next((one for one in infos if one.name == name), None)
    st.segmented_control(
        "What to measure",
        list(TITLES),
        format_func=TITLES.__getitem__,
        required=True,
        label_visibility="collapsed",
        **bound(chosen, "measure"),
    )
    st.caption(ABOUT[chosen.measure])
    spec = models_pick.model(shared, info, chosen)
    if chosen.measure == "words":
        _sets(chosen)
    agreed = bool(spec) and _agreed(shared, spec, chosen)
    if st.button(
        "Measure",
        type="primary",
        icon=":material/play_arrow:",
        key="models_measure_start",
        disabled=not agreed,
    ):
        _start(shared, spec, chosen)
    ended = measuring().ended(MEASURE)
    if ended is not None:
        _ended(ended)


def _sets(chosen: Choice) -> None:
    st.text_input(
        "A folder with more sets",
        placeholder="WordSim-353 and SimLex-999 are there; MEN and others come from a folder",
        help="A folder on the machine that serves these pages. Its files (.txt, .tsv, .csv) have "
        "on each line two words and a rating.",
        **bound(chosen, "folder"),
    )
    st.checkbox(
        "The Google analogies as well",
        help="19,544 questions such as: Athens is to Greece as Oslo is to …?",
        **bound(chosen, "analogies"),
    )


def _agreed(shared: Resources, spec: str, chosen: Choice) -> bool:
    words = 4000 if chosen.measure == "words" else 300
    what = f"The words of the tests, some {words:,},"
    return models_pick.agreed(shared, spec, chosen, what, words)


def _start(shared: Resources, spec: str, chosen: Choice) -> None:
    job = MeasureJob(
        shared.settings,
        spec,
        bias=chosen.measure == "bias",
        analogies=chosen.analogies,
        folder=chosen.folder.strip(),
    )
    if not measuring().start(MEASURE, job):
        state.say("Another measurement is at work; wait until it ends")
    st.rerun()


@st.fragment(run_every=LOOK_S)
def _follow(job: MeasureJob) -> None:
    """Draws the box of a measurement at work until it ends, then the page anew."""
    if job.finished.is_set():
        state.draw_again()
    with st.container(border=True, key="models_measuring"):
        st.markdown(f"**Measuring {quoted(job.spec)}**")
        st.progress(job.done / job.total if job.total else 0.0, quoted(_described(job)))
        st.button(
            "Stopping" if job.cancelled else "Stop",
            icon=":material/stop_circle:",
            key="models_measure_stop",
            disabled=job.cancelled,
            on_click=job.cancel,
        )


def _described(job: MeasureJob) -> str:
    if not job.total:
        return "Getting the model ready"
    if job.done < job.total:
        return f"{job.done:,} of {wording.count(job.total, 'word')} embedded"
    return "Putting the questions"


def _ended(job: MeasureJob) -> None:
    if job.error:
        problems.show(job.error)
    elif job.result is None:
        st.caption("You stopped the measurement.")
    else:
        models_figures.show(job.result)
