"""What a switch would take, looked at before anything is begun: nothing is sent, nothing stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from ingest.chunk import contextual_text
from ingest.switch_plan import plan_switch
from rag_app.settings import Settings

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.embeddings.cost import Cost
    from rag_app.store import Collection, Store
    from rag_app.types import DocumentRecord

T = TypeVar("T")

_DOCUMENTS, _PASSAGES, _TIMED = 64, 256, 12
"""Of how many documents passages are drawn, how many passages, and how many are embedded."""
_STORED_S = 0.001
"""Seconds that storing a passage and entering it into the vector index take."""


@dataclass(frozen=True, slots=True)
class SwitchEstimate:
    """What a switch would take.

    Attributes:
        documents: Those that are still to be embedded.
        passages: Their passages, as they are cut now.
        built: Passages that an interrupted switch to this model has stored.
        dropped: Model of an interrupted switch whose work would be dropped; None if there is none.
        needs_fit: Whether the model is fitted on the passages first.
        seconds: Of embedding and storing; None where it cannot be known beforehand.
        size_before: Tokens of a passage at most, now.
        size: The same afterwards, as far as it is known.
        is_needed: Whether anything would change.
        destination: Host that would receive the passages; None where they stay on this machine.
        cost: What that host would charge, where there is one.
    """

    documents: int
    passages: int
    built: int
    dropped: str | None
    needs_fit: bool
    seconds: float | None
    size_before: int
    size: int
    is_needed: bool = True
    destination: str | None = None
    cost: Cost | None = None


def estimate_switch(store: Store, settings: Settings, name: str, asked: str) -> SwitchEstimate:
    """Looks at what a switch of the collection ``name`` to the model ``asked`` would take.

    A model that runs here is loaded, and a few passages are embedded with it.

    Raises:
        RagError: There is no such collection or model, or it cannot be loaded.
    """
    from rag_app.embeddings import load_embeddings, needs_fit, parse_spec

    asked = str(parse_spec(asked))
    generations = store.generations(name)
    live, begun = generations.live, generations.get("next")
    resumes = begun is not None and begun.info.asked == asked
    held = {one.id: one.added_at for one in begun.documents()} if begun and resumes else {}
    left = [one for one in live.documents() if one.sources and held.get(one.id) != one.added_at]
    spec = begun.info.embedding.spec if begun and resumes else asked
    size = live.info.chunking.size
    plain = SwitchEstimate(
        documents=len(left),
        passages=sum(one.chunks for one in left),
        built=begun.info.chunks if begun and resumes else 0,
        dropped=begun.info.embedding.spec if begun and not resumes else None,
        needs_fit=needs_fit(spec),
        seconds=None,
        size_before=size,
        size=size,
    )
    if plain.needs_fit:
        return plain
    embeddings = load_embeddings(spec, settings)
    if embeddings.destination is not None:
        return _hosted(plain, live, left, embeddings, settings, spec)
    return _local(plain, (store, settings, name, asked), live, left, embeddings)


def _hosted(
    plain: SwitchEstimate,
    live: Collection,
    left: Sequence[DocumentRecord],
    embeddings: IdentifiedEmbeddings,
    settings: Settings,
    spec: str,
) -> SwitchEstimate:

    from rag_app.embeddings.cost import cost_of

    tokens = sum(sum(embeddings.count_tokens(_texts(live, [one]))) for one in left)
    return replace(plain, destination=embeddings.destination, cost=cost_of(spec, tokens, settings))


def _local(
    plain: SwitchEstimate,
    asked: tuple[Store, Settings, str, str],
    live: Collection,
    left: Sequence[DocumentRecord],
    embeddings: IdentifiedEmbeddings,
) -> SwitchEstimate:

    store, settings, name, spec = asked
    plan = plan_switch(store, settings, name, embeddings, spec)
    sample = _spread(_texts(live, _spread(left, _DOCUMENTS)), _PASSAGES)
    return replace(
        plain,
        seconds=plain.passages * _seconds_each(sample, embeddings, settings),
        size=plan.chunking.size,
        is_needed=plan.is_needed,
    )


def _seconds_each(
    sample: Sequence[str], embeddings: IdentifiedEmbeddings, settings: Settings
) -> float:
    """Seconds for a passage, as a part of them is known to the vector cache."""
    from rag_app.embeddings import cached

    if not sample:
        return 0.0
    known = cached(embeddings, settings).known(sample)
    timed = _spread(sample, _TIMED)
    embeddings.encode_documents(timed[:1])  # the first call gets things ready
    start = perf_counter()
    embeddings.encode_documents(timed)
    each = (perf_counter() - start) / len(timed)
    return _STORED_S + each * (1 - known / len(sample))


def _texts(collection: Collection, records: Sequence[DocumentRecord]) -> list[str]:
    return [contextual_text(chunk) for one in records for chunk in collection.chunks(one.id)]


def _spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many of them, from the first to the last."""
    step = max(1, len(items) / most)
    return [items[int(number * step)] for number in range(min(len(items), most))]
