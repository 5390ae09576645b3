"""What a comparison would send to other machines, and the reader's consent to it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag_app.settings import Settings
from rag_app.store import CollectionInfo
from rag_app.ui import state, wording
from rag_app.ui.compare_setup import Setup
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources
from rag_app.ui.sending import notice


def agreed(
    shared: Resources, info: CollectionInfo, setup: Setup, others: Sequence[str] = ()
) -> bool:
    """Draws the notice, where text would leave this machine; says whether that is agreed to.

    Args:
        shared: The process's resources.
        info: The collection.
        setup: With the models.
        others: Hosts that receive passages for another purpose.
    """
    by_host: dict[str, list[str]] = {host: [] for host in others}
    for spec in setup.chosen:
        if host := destination(shared, spec):
            by_host.setdefault(host, []).append(spec)
    hosts = tuple(sorted(by_host))
    if not hosts:
        return True
    # Another model of the same host may cost more: it needs an agreement of its own.
    what = (*hosts, *sorted(spec for specs in by_host.values() for spec in specs))
    named = " and ".join(f"**{quoted(host)}**" for host in hosts)
    sentence = (
        f"The {wording.count(info.chunks, 'passage')} of this collection and the questions would "
        f"be sent to {named}."
    )
    costs = _costs(shared, info, tuple(one for specs in by_host.values() for one in specs))
    with notice("compare_sending", sentence, costs):
        key = f"compare_agree_{info.name}_{'_'.join(what)}"
        st.checkbox(
            "I agree to that",
            value=setup.agreed == what,
            key=key,
            on_change=_agree,
            args=(setup, what, key),
        )
    return setup.agreed == what


def destination(shared: Resources, spec: str) -> str | None:
    """The host that a model would send text to; None for this machine."""
    return shared.embedding_destination(spec)


def _agree(setup: Setup, what: tuple[str, ...], key: str) -> None:
    setup.agreed = what if state.widget(key) else ()


def _costs(shared: Resources, info: CollectionInfo, specs: tuple[str, ...]) -> list[str]:
    return _estimated(shared.settings, info.name, str(info.updated_at), specs) if specs else []


@st.cache_data(show_spinner="Estimating the cost", max_entries=16)
def _estimated(
    _settings: Settings, collection: str, changed: str, specs: tuple[str, ...]
) -> list[str]:
    del changed  # part of the cache's key
    from rag_app.evaluation import costs_of, read_passages
    from rag_app.store import Store

    passages = read_passages(Store(_settings).get(collection))
    return [str(cost) for cost in costs_of(specs, passages, _settings)]
