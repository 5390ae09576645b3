"""The choice of a second model for the map, and the consent to what it would send."""

from __future__ import annotations

import streamlit as st

from rag_app.embeddings import list_models
from rag_app.embeddings.cost import cost_of
from rag_app.store import CollectionInfo
from rag_app.ui import sending, wording
from rag_app.ui.compare_models import FITTED
from rag_app.ui.compare_sending import destination
from rag_app.ui.compare_setup import usable_now
from rag_app.ui.map_choice import Choice, bound
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources

NONE = ""


def choose(shared: Resources, info: CollectionInfo, chosen: Choice) -> None:
    """Draws the choice: models that are ready, or can be fitted in a moment."""
    specs = [NONE, *_offered(shared, info)]
    if chosen.second not in specs:  # it is this collection's own, say
        chosen.second = NONE
    st.selectbox(
        "Second model beside it",
        specs,
        format_func=lambda spec: _label(shared, spec),
        help="The same passages as another model arranges them.",
        **bound(chosen, "second"),
    )


def agreed(shared: Resources, info: CollectionInfo, chosen: Choice, passages: int) -> bool:
    """Draws the notice, if the second model is hosted; says whether text may go there."""
    host = destination(shared, chosen.second) if chosen.second else None
    if not host:
        return True
    sentence = (
        f"The {wording.count(passages, 'passage')} on the map of {quoted(info.name)}, and your "
        f"questions on it, would be sent to **{quoted(host)}**."
    )
    cost = cost_of(chosen.second, passages * info.chunking.size, shared.settings)
    # Consent is to one host, for one collection.
    return sending.agreed(
        "map_sending", sentence, [cost] if cost else [], chosen, f"{host} {info.name}"
    )


def _offered(shared: Resources, info: CollectionInfo) -> list[str]:
    ready = [status.spec for status in list_models(shared.settings) if usable_now(status)]
    own = info.embedding.spec
    # A model that was fitted for a collection is found again by the name of its kind.
    return [spec for spec in ready if spec != own and not FITTED.search(spec)]


def _label(shared: Resources, spec: str) -> str:
    if spec == NONE:
        return "none"
    host = destination(shared, spec)
    return f"{spec} (sends text to {host})" if host else spec
