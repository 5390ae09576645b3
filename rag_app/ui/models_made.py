"""The models that were made here: what each takes, and the question before one is removed."""

from __future__ import annotations

import html

import streamlit as st

from rag_app.evaluation.made_models import MadeModel, made_models, remove_model, why_kept
from rag_app.ui import compare_setup, state, style, wording
from rag_app.ui.dialogs import deletion, dialog
from rag_app.ui.markup import quoted
from rag_app.ui.models_choice import choice
from rag_app.ui.models_work import LEARN, TuneJob, learning
from rag_app.ui.resources import Resources

_STATES = {
    "whole": "",
    "damaged": "damaged: it cannot be used",
    "begun": "a tuning that was stopped; it can go on under Train",
}
_GONE = {
    "whole": "It can be made again under Train, of the documents that are there then.",
    "damaged": "It cannot be used as it is. Make it again under Train.",
    "begun": "What it has learned so far is lost; a tuning of that name begins anew.",
}


def show(shared: Resources) -> None:
    """Draws them, folded, with a button beside each; nothing where there are none."""
    at_work = learning().running(LEARN)
    tuned_now = f"tuned:{at_work.name}" if isinstance(at_work, TuneJob) else ""
    made = [one for one in made_models(shared.settings) if one.spec != tuned_now]
    if not made:
        return
    taken = wording.size(sum(one.disk_bytes for one in made))
    title = f"Delete models that were made here ({len(made)}, {taken})"
    with st.expander(title, icon=":material/delete:", key="models_made"):
        for one in made:
            _row(shared, one)


def _row(shared: Resources, one: MadeModel) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", wrap=False, key=f"models_made_{one.spec}"
    ):
        st.html(
            f"<b>{html.escape(one.spec)}</b>"
            + style.facts(_about(one), wording.size(one.disk_bytes), _STATES[one.state])
        )
        st.space("stretch")
        key = f"models_remove_{one.spec}"
        if st.button("Delete…", icon=":material/delete:", type="tertiary", key=key):
            remove(shared, one)


@dialog("Delete the model?", icon=":material/delete:")
def remove(shared: Resources, one: MadeModel) -> None:
    """Asks before a model is deleted; says why not where a collection needs it."""

    def do() -> None:
        remove_model(one.spec, shared.settings, shared.store)
        _forget(one.spec)
        state.say(f"{one.spec} was deleted")

    if reason := why_kept(one.spec, shared.store):
        st.info(quoted(reason), icon=":material/info:")
        return
    about = f" ({quoted(_about(one))})" if _about(one) else ""
    st.write(
        f"**{quoted(one.spec)}**{about} will be gone, which frees "
        f"{wording.size(one.disk_bytes)}. No collection uses it. {_GONE[one.state]}"
    )
    deletion("model", do)


def _about(one: MadeModel) -> str:
    return one.about and f"from {one.about}"


def _forget(spec: str) -> None:
    """Nothing offers a model that is gone."""
    chosen = choice()
    chosen.model = "" if chosen.model == spec else chosen.model
    compare_setup.forget(spec)
    ended = learning().ended(LEARN)
    if ended is not None and ended.result is not None and ended.result.spec == spec:
        learning().dismiss(LEARN)
