"""The choice of a model whose words are looked at, and the consent to what it would send."""

from __future__ import annotations

import streamlit as st

from rag_app.embeddings import list_models
from rag_app.embeddings.cost import cost_of
from rag_app.store import CollectionInfo
from rag_app.ui import sending
from rag_app.ui.compare_models import need
from rag_app.ui.compare_sending import destination
from rag_app.ui.compare_setup import is_pattern
from rag_app.ui.markup import quoted
from rag_app.ui.models_choice import Choice, bound
from rag_app.ui.resources import Resources

TOKENS_OF_WORD = 2


def model(shared: Resources, info: CollectionInfo | None, chosen: Choice) -> str:
    """Draws the choice; gives the spec, or nothing where the model is not ready, and says why.

    Every model that can embed a word is offered; one that needs a fit has to be trained first.
    """
    statuses = {status.spec: status for status in list_models(shared.settings)}
    ready = [
        spec
        for spec, status in statuses.items()
        if status.state == "ready" and not is_pattern(spec)
    ]
    own = [info.embedding.spec] if info else []
    offered = list(dict.fromkeys([*own, *ready]))
    chosen.model = chosen.model or offered[0]
    st.selectbox(
        "Model",
        list(dict.fromkeys([*offered, chosen.model])),
        accept_new_options=True,
        format_func=lambda spec: _label(shared, spec),
        help="Type any other one as provider:model.",
        **bound(chosen, "model"),
    )
    status = statuses.get(chosen.model)
    if status is None or status.state == "ready":
        return chosen.model
    if status.state == "needs a fit":
        st.info(f"{quoted(chosen.model)} knows no words yet. Train one first, under Train.")
    else:
        st.info(quoted(need(status.state)))
    return ""


def agreed(shared: Resources, spec: str, chosen: Choice, what: str, words: int) -> bool:
    """Draws the notice, if the model is hosted; says whether words may go there.

    Args:
        shared: The process's resources.
        spec: The model.
        chosen: Keeps the consent.
        what: What would be sent; Markdown, at the beginning of a sentence.
        words: About how many.
    """
    host = destination(shared, spec)
    if not host:
        return True
    cost = cost_of(spec, words * TOKENS_OF_WORD, shared.settings)
    sentence = f"{what} would be sent to **{quoted(host)}**."
    costs = [cost] if cost else []
    return sending.agreed("models_sending", sentence, costs, chosen, f"{spec} {what}")


def _label(shared: Resources, spec: str) -> str:
    host = destination(shared, spec)
    return f"{spec} (sends text to {host})" if host else spec
