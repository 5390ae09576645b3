"""What a switch would take, as the window shows it before anything begins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.errors import UsageError
from rag_app.store import CollectionInfo
from rag_app.ui import problems, state, style, wording
from rag_app.ui.compare_excerpt import label
from rag_app.ui.markup import quoted
from rag_app.ui.resources import Resources
from rag_app.ui.sending import notice
from rag_app.ui.state import Key
from rag_app.ui.work import Work

if TYPE_CHECKING:
    from ingest.switch_estimate import SwitchEstimate

LOOK_S = 0.2
SLOW_S = 4.0
"""A model that takes longer than this to be loaded is being made."""


def estimate(shared: Resources, info: CollectionInfo, spec: str) -> SwitchEstimate | None:
    """Waits for the estimate; None if there is none to be had, which is then said."""
    work = _work(shared, info, spec)
    place = st.empty()
    while not work.finished.wait(LOOK_S):
        once = ", which happens once and may take a minute or two" if work.seconds > SLOW_S else ""
        place.html(style.waiting(f"Getting the model ready{once} …"))
    place.empty()
    if work.error:
        problems.show(work.error)
    return work.result


def show(expected: SwitchEstimate) -> None:
    """Draws what there is to do, and how long it takes."""
    if not expected.is_needed:
        st.info("The collection has this model already. There is nothing to change.")
        return
    if expected.passages:
        st.html(
            style.facts(
                wording.count(expected.documents, "document"),
                f"{wording.count(expected.passages, 'passage')} to be embedded",
                _time(expected),
            )
        )
    for remark in _remarks(expected):
        st.caption(quoted(remark))


def agreed(info: CollectionInfo, expected: SwitchEstimate, spec: str) -> bool:
    """Asks for consent, where text would leave this machine; says whether that is given."""
    host = expected.destination
    if host is None or not expected.passages:
        return True
    sentence = (
        f"The {wording.count(expected.passages, 'passage')} of this collection that are to be "
        f"embedded, later documents and every question would be sent to **{quoted(host)}**."
    )
    costs = [f"{expected.cost} What was embedded before costs nothing."] if expected.cost else []
    with notice("switch_sending", sentence, costs):
        return st.checkbox("I agree to that", key=f"switch_agree_{info.name}_{label(spec)}")


def _work(shared: Resources, info: CollectionInfo, spec: str) -> Work[SwitchEstimate]:
    """The estimate of this session; what was asked last is kept while nothing changes."""
    begun = shared.store.generations(info.name).get("next")
    wanted = (info.name, info.updated_at, info.embedding, spec, begun and begun.info)
    kept = state.get(Key.SWITCH)
    if kept is None or kept[0] != wanted or kept[1].error:
        kept = (wanted, Work(lambda _: _estimated(shared, info.name, spec)))
        state.put(Key.SWITCH, kept)
        kept[1].start()
    work: Work[SwitchEstimate] = kept[1]
    return work


def _estimated(shared: Resources, name: str, spec: str) -> SwitchEstimate:
    from ingest.switch_estimate import estimate_switch
    from rag_app.evaluation.kept import kept_comparison

    found = estimate_switch(shared.store, shared.settings, name, spec)
    if found.seconds is not None:
        return found
    try:
        comparison = kept_comparison(shared.settings, name)
    except UsageError:  # the page Compare says so
        comparison = None
    rates = (
        [one.costs.chunks_per_second for one in comparison.models if spec == one.spec]
        if (comparison)
        else []
    )
    return replace(found, seconds=found.passages / rates[0]) if rates and rates[0] else found


def _time(expected: SwitchEstimate) -> str:
    if expected.seconds is None:
        return ""
    if expected.seconds < 1:
        return "about a second"
    return f"about {wording.seconds(expected.seconds)}"


def _remarks(expected: SwitchEstimate) -> list[str]:
    """What else the reader should know."""
    said = []
    if expected.built:
        said.append(
            f"{wording.are(expected.built, 'passage')} there already, from a switch to this model "
            "that was not finished."
            + ("" if expected.passages else " The new index only has to take over.")
        )
    if expected.dropped:
        said.append(
            f"The unfinished index for {expected.dropped} is dropped; what was embedded for it "
            "stays in the vector cache."
        )
    if expected.needs_fit:
        said.append("The model learns from your passages first, which is part of the work.")
    if expected.seconds is None and expected.destination:
        said.append(f"How long it takes depends on {expected.destination}.")
    if expected.size != expected.size_before:
        said.append(
            f"Passages are cut anew: this model reads up to {expected.size} tokens of one, and "
            f"they have up to {expected.size_before} now."
        )
    return said
