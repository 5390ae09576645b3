"""The window in which a collection gets another embedding model, or its former one back."""

from __future__ import annotations

import html

import streamlit as st

from rag_app.embeddings import list_models, parse_spec
from rag_app.store import CollectionInfo
from rag_app.types import EmbeddingIdentity
from rag_app.ui import state, switch_look, switch_prune, wording
from rag_app.ui.compare_excerpt import label
from rag_app.ui.compare_models import FITTED, PLAIN
from rag_app.ui.compare_sending import destination
from rag_app.ui.compare_setup import usable_now
from rag_app.ui.dialogs import dialog
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources
from rag_app.ui.switch_work import BackJob, IndexJob, SwitchJob, switches


@dialog("Embedding model", width=620, icon=":material/swap_horiz:")
def show(shared: Resources, name: str, model: str | None = None) -> None:
    """Shows the present model and the ways to another one.

    Args:
        shared: The process's resources.
        name: The collection.
        model: Spec of the model that is chosen at first.
    """
    info = shared.store.get(name).info
    st.html(
        f'<p class="lead"><b>{html.escape(name)}</b> answers with '
        f"<b>{html.escape(info.embedding.spec)}</b></p>"
    )
    if switches().running(name) is not None:
        st.info("The model is being changed just now. Wait until that is done, or cancel it.")
        return
    if model is None:
        _back(shared, info)
    if debts := shared.store.generations(name).debts().total:
        st.info(
            f"{wording.are(debts, 'file')} known to the former index only, from before this "
            "collection went back. Take that over first; then another model can be chosen."
        )
        return
    _switch(shared, info, model)


def _back(shared: Resources, info: CollectionInfo) -> None:
    """The way back to the former index, where there is one."""
    generations = shared.store.generations(info.name)
    former = generations.get("former")
    if former is None:
        return
    owed = generations.foreseen_debts()
    model = former.info.embedding
    with st.container(border=True, key="switch_back"):
        st.markdown(f"**The former index is kept: {quoted(model.spec)}**")
        takes_over = agreed = True
        if owed.total:
            parts = {"added": owed.added, "changed": owed.changed, "moved": owed.moved}
            told = [f"{number} {kind}" for kind, number in parts.items() if number]
            told += [f"{owed.removed} deleted"] * bool(owed.removed)
            st.caption(
                f"{wording.count(owed.total, 'file')} since the switch: {', '.join(told)}. It "
                "answers at once, and takes them over then."
            )
            takes_over = st.checkbox("Take over what came since", value=True, key="switch_catch_up")
            if takes_over and (owed.added or owed.changed):
                agreed = _agreed_to_go_back(shared, model)
        else:
            st.caption("It answers at once; nothing has changed since the switch.")
        with st.container(horizontal=True):
            goes_back = st.button(
                f"Go back to {label(model.spec)}",
                icon=":material/undo:",
                key="switch_go_back",
                disabled=not agreed,
            )
            if not generations.debts().total:  # what is owed, only the former one knows
                switch_prune.offer(generations, "former", "Free its space", "switch_prune")
        if goes_back:
            _start(BackJob(shared.settings, info.name, back_to=former.info, takes_over=takes_over))


def _agreed_to_go_back(shared: Resources, model: EmbeddingIdentity) -> bool:
    host = destination(shared, model.spec)
    if host is None:
        return True
    return st.checkbox(
        f"I agree that their text is sent to {label(host)}", key=f"switch_back_agree_{host}"
    )


def _switch(shared: Resources, info: CollectionInfo, model: str | None) -> None:
    models = _offered(shared, info, model)
    spec = st.selectbox(
        "Change to",
        list(models),
        index=list(models).index(model) if model else None,
        accept_new_options=True,
        placeholder="Choose a model",
        key=f"switch_model_{info.name}_{model}",
        help="Type any other model as provider:model, for example sentence-transformers:NAME.",
    )
    if not spec:
        st.caption("The page Compare tells which model finds most in your own documents.")
        return
    if about := models.get(spec):
        st.caption(quoted(about))
    expected = switch_look.estimate(shared, info, spec)
    if expected is None:
        return
    switch_look.show(expected)
    if not expected.is_needed:
        return
    agreed = switch_look.agreed(info, expected, spec)
    st.caption(
        f"{quoted(info.embedding.spec)} goes on answering until the new index is complete. You can "
        "ask, add documents and leave this page meanwhile, and cancel at any time. The present "
        "index is kept afterwards: you can go back at once."
    )
    if st.button(
        f"{'Go on switching' if expected.built else 'Switch'} to {label(spec)}",
        type="primary",
        icon=":material/swap_horiz:",
        key="switch_start",
        disabled=not agreed,
    ):
        _start(SwitchJob(shared.settings, info.name, str(parse_spec(spec))))


def _offered(shared: Resources, info: CollectionInfo, model: str | None) -> dict[str, str]:
    """The models that are ready, or can be fitted in a moment, with what they are."""
    offered = {
        status.spec: PLAIN.get(status.spec) or status.note
        for status in list_models(shared.settings)
        # A model that was fitted for a collection is found again by the name of its kind.
        if usable_now(status)
        and status.spec != info.embedding.spec
        and not FITTED.search(status.spec)
    }
    return offered if model is None else {model: offered.get(model, "")} | offered


def _start(job: IndexJob) -> None:
    if not switches().start(job.collection, job):
        state.say("The model of this collection is being changed just now")
    st.rerun()
