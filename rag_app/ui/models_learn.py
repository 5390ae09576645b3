"""Making a model of one's own: what it is made of, and how it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.embeddings import list_models, parse_spec
from rag_app.errors import RagError
from rag_app.store import CollectionInfo
from rag_app.ui import collection_choice, models_learned, models_questions, state
from rag_app.ui.compare_models import PLAIN, need
from rag_app.ui.compare_setup import is_pattern
from rag_app.ui.markup import quoted
from rag_app.ui.models_choice import Choice, Way, bound
from rag_app.ui.models_work import LEARN, LearnJob, TrainJob, TuneJob, learning
from rag_app.ui.resources import Resources
from rag_app.ui.stoppable import follow

if TYPE_CHECKING:
    from rag_app.embeddings import ModelStatus

TITLES: Mapping[Way, str] = {"tune": "Fine-tune a model", "train": "Train a model of words"}
ABOUT: Mapping[Way, str] = {
    "tune": "A model that reads sentences goes on learning: which passages of yours answer which "
    "questions. Some documents are held out, and their questions score it before and after. With "
    "two cores that takes some minutes.",
    "train": "A model learns the words of your documents from scratch: seconds to a minute. It "
    "knows no other words than these, and what they mean only where there is a lot of text.",
}
EPOCHS = 20
TUNABLE = ("minilm", "sentence-transformers", "transformers")


def show(shared: Resources, chosen: Choice) -> None:
    """Draws the choices, a model in the making, and what came of the last one."""
    info = collection_choice.choose(shared)
    if info is None:
        collection_choice.nothing(
            "There is nothing to learn from yet",
            "Add documents first: a model of your own is made of their text.",
        )
        return
    running = learning().running(LEARN)
    if running is not None:
        follow(running, models_learned.share, models_learned.described, "models")
        return
    ended = learning().ended(LEARN)
    if ended is not None:
        models_learned.show(shared, ended)
    st.segmented_control(
        "What to make",
        list(TITLES),
        format_func=TITLES.__getitem__,
        required=True,
        label_visibility="collapsed",
        **bound(chosen, "way"),
    )
    st.caption(ABOUT[chosen.way])
    if chosen.way == "tune":
        _tune(shared, info, chosen)
    else:
        _train(shared, info, chosen)


def _tune(shared: Resources, info: CollectionInfo, chosen: Choice) -> None:
    from rag_app.evaluation.tune import default_name

    bases = ["minilm", *(spec for spec in _ready(shared) if _can_be_tuned(spec))]
    bases = list(dict.fromkeys([*bases, chosen.base]))
    with st.container(key="models_tune_row"):
        st.selectbox(
            "Model to begin with",
            bases,
            accept_new_options=True,
            help="Type any other one as sentence-transformers:NAME or transformers:NAME, or with "
            "a folder in place of the name.",
            **bound(chosen, "base"),
        )
        st.number_input(
            "Rounds",
            1,
            EPOCHS,
            step=1,
            help="How often all is learned. More than one helps where there is little to learn.",
            **bound(chosen, "epochs"),
        )
        name = _name(chosen, default_name(chosen.base or "minilm", info.name))
    agreed = models_questions.show(shared, info, chosen)
    missing = _name_taken(shared, "tuned", name) or _no_base(chosen.base)
    if not missing:
        _say_interrupted(shared, name)
    if _start_button("Tune it", missing, agreed=agreed):
        _start(
            TuneJob(shared.settings, info.name, chosen.base, name, chosen.file, chosen.epochs),
            chosen,
        )


def _train(shared: Resources, info: CollectionInfo, chosen: Choice) -> None:
    kinds = {status.spec: status for status in list_models(shared.settings) if _is_kind(status)}
    with st.container(key="models_train_row"):
        st.selectbox(
            "Kind of model",
            list(dict.fromkeys([*kinds, chosen.kind])),
            accept_new_options=True,
            help="Options stand behind a question mark: word2vec?sg=0&dimension=200. Type them.",
            **bound(chosen, "kind"),
        )
        name = _name(chosen, "made of the collection's name")
    kind = kinds.get(chosen.kind)
    if kind is not None:
        st.caption(quoted(PLAIN.get(kind.spec) or kind.note))
    given = chosen.name.strip()
    missing = _no_kind(chosen.kind, kind)
    if not missing and given:
        missing = _name_taken(shared, parse_spec(chosen.kind).provider, name)
    if _start_button("Train it", missing):
        _start(TrainJob(shared.settings, info.name, chosen.kind, given), chosen)


def _name(chosen: Choice, made_up: str) -> str:
    st.text_input("Name", placeholder=made_up, max_chars=60, **bound(chosen, "name"))
    return chosen.name.strip() or made_up


def _start_button(label: str, missing: str, *, agreed: bool = True) -> bool:
    started = st.button(
        label,
        type="primary",
        icon=":material/play_arrow:",
        key="models_start",
        disabled=bool(missing) or not agreed,
    )
    if missing:
        st.caption(quoted(missing))
    return started


def _start(job: LearnJob, chosen: Choice) -> None:
    if learning().start(LEARN, job):
        chosen.name = chosen.agreed = ""
    else:
        state.say("Another model is in the making; wait until that is done")
    st.rerun()


def _ready(shared: Resources) -> list[str]:
    return [
        status.spec
        for status in list_models(shared.settings)
        if status.state == "ready" and not is_pattern(status.spec)
    ]


def _can_be_tuned(spec: str) -> bool:
    parsed = parse_spec(spec)
    return parsed.provider in TUNABLE and not parsed.options


def _is_kind(status: ModelStatus) -> bool:
    from rag_app.embeddings.providers import provider_row

    parsed = parse_spec(status.spec)
    return provider_row(parsed.provider).fits and not parsed.model


def _no_base(spec: str) -> str:
    from rag_app.evaluation.tune_base import check_base

    try:
        check_base(spec or "")
    except RagError as error:
        return str(error)
    return ""


def _no_kind(spec: str, kind: ModelStatus | None) -> str:
    """What is missing before such a model can be trained; empty for nothing."""
    from rag_app.embeddings.providers import fitting_module

    if kind is not None and kind.state != "needs a fit":
        return need(kind.state)
    try:
        fitting_module(parse_spec(spec or ""))
    except RagError as error:
        return str(error)
    return ""


def _name_taken(shared: Resources, provider: str, name: str) -> str:
    from rag_app.embeddings.model_files import check_name, model_place

    try:
        check_name(name)
    except RagError as error:
        return str(error)
    if model_place(provider, name, shared.settings).exists():
        return f"There is a model {provider}:{name} already. Give the new one another name."
    return ""


def _say_interrupted(shared: Resources, name: str) -> None:
    from rag_app.evaluation.tune_state import is_begun

    if is_begun(shared.settings, name):
        st.caption(
            f":material/history: A tuning of the name {quoted(name)} was begun and stopped. It "
            "goes on from there, if documents, questions and choices are the same."
        )
