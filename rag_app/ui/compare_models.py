"""The choice of the models that are compared."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.embeddings import parse_spec
from rag_app.errors import UsageError
from rag_app.store import CollectionInfo
from rag_app.ui import state
from rag_app.ui.compare_excerpt import label
from rag_app.ui.compare_sending import destination
from rag_app.ui.compare_setup import STARTERS, Setup, is_pattern, usable_now
from rag_app.ui.problems import callback
from rag_app.ui.resources import Resources

if TYPE_CHECKING:
    from rag_app.embeddings import ModelStatus

PLAIN = {
    "minilm": "Comes with the application. Reads whole sentences; made for English.",
    "minilm?precision=float32": "The same, computed more exactly: slower, hardly ever better.",
    "static:minilm": "Made from minilm on this machine, once, in a minute or two. Very fast: it "
    "adds up words instead of reading sentences.",
    "tfidf": "Counts words; rare ones weigh more. What a better model has to beat.",
    "bow": "Counts words, and all weigh the same.",
    "onehot": "Only notes which words are there.",
    "ordinal": "Numbers the words in order. A textbook's first step: it finds next to nothing.",
    "glove:6B-50d": "Word meanings learned from Wikipedia and news. Fast; English.",
    "word2vec": "Learns the words of your documents; needs a lot of text.",
    "fasttext": "Learns the words of your documents and their parts; needs a lot of text.",
}
"""What models are, for readers who have never heard of embeddings; others say it themselves."""

FIRST = ("minilm", "static", "glove", "tfidf", "word2vec", "fasttext")
"""Providers whose models are offered first."""


FITTED = re.compile(r":(.+)-[0-9a-f]{8}$")
"""Specs of models that were fitted for a collection, by a comparison or a switch."""


def show(
    shared: Resources, info: CollectionInfo, setup: Setup, all_: Sequence[ModelStatus]
) -> None:
    """Draws the choice."""
    offered = {status.spec: status for status in all_ if usable_now(status)}
    first = _first(info, offered, setup)
    with st.container(key="compare_models", gap="small"):
        for spec in first:
            _box(shared, info, setup, spec, offered.get(spec))
    others = [spec for spec in offered if spec not in first and not _same(spec, info.name)]
    with st.expander("More models", icon=":material/expand_more:"):
        with st.container(key="compare_more", gap="small"):
            for spec in others:
                _box(shared, info, setup, spec, offered[spec])
        st.text_input(
            "Any other model",
            placeholder="provider:model, for example sentence-transformers:NAME",
            key=f"compare_add_{info.name}",
            on_change=_add,
            args=(setup, f"compare_add_{info.name}"),
            help="A folder with a model, a name of a hub, or a server of your own.",
        )
        st.html(_needing([one for one in all_ if not usable_now(one) and not is_pattern(one.spec)]))


def _first(info: CollectionInfo, offered: dict[str, ModelStatus], setup: Setup) -> list[str]:
    """What is offered at once: the collection's own model and the starters lead."""
    good = [
        spec
        for spec in offered
        if parse_spec(spec).provider in FIRST
        and not parse_spec(spec).options
        and not FITTED.search(spec)
    ]
    leading = [info.embedding.spec, *(spec for spec in STARTERS if spec in offered)]
    return list(dict.fromkeys([*leading, *good, *setup.own]))


def _same(spec: str, collection: str) -> bool:
    """Whether it was fitted for this collection: the kind of model stands for it."""
    found = FITTED.search(spec)
    return found is not None and found.group(1) == collection


def _box(
    shared: Resources, info: CollectionInfo, setup: Setup, spec: str, status: ModelStatus | None
) -> None:
    key = f"compare_model_{info.name}_{spec}"
    with st.container(gap=None):
        st.checkbox(
            label(spec),
            value=spec in setup.chosen,
            key=key,
            on_change=_choose,
            args=(setup, spec, key),
        )
        host = destination(shared, spec)
        st.html(_about(spec, status, host, own=spec == info.embedding.spec))


def _choose(setup: Setup, spec: str, key: str) -> None:
    setup.choose(spec, chosen=bool(state.widget(key)))


def _about(spec: str, status: ModelStatus | None, host: str | None, *, own: bool) -> str:
    said = PLAIN.get(spec) or (status.note if status else "")
    chips = '<em class="chip good">in use</em> ' if own else ""
    if host:
        chips += f'<em class="chip warn">text goes to {html.escape(host)}</em> '
    return f'<p class="points-to">{chips}{html.escape(said[:1].upper() + said[1:])}</p>'


@callback
def _add(setup: Setup, key: str) -> None:
    from rag_app.embeddings.providers import provider_row

    spec = str(state.widget(key) or "").strip()
    if not spec:
        return
    parsed = parse_spec(spec)
    row = provider_row(parsed.provider)
    if row.named and not row.fits and not parsed.model:
        raise UsageError(f"'{spec}' names no model. Write {parsed.provider}:MODEL.")
    spec = str(parsed)
    if spec not in setup.own:
        setup.own.append(spec)
    setup.choose(spec, chosen=True)
    state.put_widget(key, "")


def _needing(statuses: Sequence[ModelStatus]) -> str:
    """What cannot be chosen yet, by what it needs."""
    groups: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    for status in statuses:
        groups[status.state, status.destination].append(status.spec)
    lines = [
        f"<li><b>{html.escape(', '.join(specs))}</b>"
        f"<p>{html.escape(need(wanted))}{html.escape(_sends(host))}</p></li>"
        for (wanted, host), specs in groups.items()
    ]
    if not lines:
        return ""
    return f'<p class="side-note">Not ready yet</p><ul class="outcomes">{"".join(lines)}</ul>'


def need(wanted: str) -> str:
    """What has to be done for a model in this state of ``rag models``, in a sentence."""
    _, kind, name = [*wanted.split(" ", 2), "", ""][:3]
    if kind == "key":
        return f"Needs a key: set the variable {name} and start the application again."
    if kind == "extra":
        return f"Needs more packages: pip install 'rag-app[{name}]'"
    return wanted[:1].upper() + wanted[1:] + "."


def _sends(host: str | None) -> str:
    return f" Text goes to {host}." if host else ""
