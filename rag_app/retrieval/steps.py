"""Named steps between the first ranking and the answer, each of which gives other passages.

``rerank`` and ``diversity`` choose anew among what the first ranking found; ``neighbours`` widens
what was chosen. All are off unless a setting asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from rag_app.retrieval.search import SearchResult
from rag_app.types import Hit

RERANK, DIVERSITY, NEIGHBOURS = "rerank", "diversity", "neighbours"


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a step gives.

    Attributes:
        hits: Best first.
        notices: Sentences that the reader should know.
    """

    hits: tuple[Hit, ...]
    notices: tuple[str, ...] = ()


Apply = Callable[[SearchResult, Sequence[Hit], int], Stepped]
"""From a search, its passages as they stand by now, and how many are wanted."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step and its name."""

    name: str
    apply: Apply


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps in force.

    Attributes:
        choosing: Those that order passages, or drop some, one after the other.
        widening: Those that join other passages to the chosen ones.
        depth: Passages that are chosen from; 0 where nothing chooses.
    """

    choosing: tuple[Step, ...] = ()
    widening: tuple[Step, ...] = ()
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the passages.

    Attributes:
        chosen: The single passages, best first.
        hits: The same, widened.
        orders: Step → the ids after it.
        timings: Step → seconds.
        notices: Sentences that the reader should know.
    """

    chosen: tuple[Hit, ...]
    hits: tuple[Hit, ...]
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def take(steps: Steps, search: SearchResult, hits: Sequence[Hit], k: int) -> Taken:
    """Takes all steps, one after the other.

    Args:
        steps: Those in force.
        search: What was searched for.
        hits: The passages, best first.
        k: How many are wanted.
    """
    now = chosen = tuple(hits)
    orders: dict[str, tuple[str, ...]] = {}
    timings: dict[str, float] = {}
    notices: tuple[str, ...] = ()
    for step in (*steps.choosing, *steps.widening):
        started = perf_counter()
        stepped = step.apply(search, now, k)
        now, notices = stepped.hits, (*notices, *stepped.notices)
        chosen = chosen if step in steps.widening else now
        orders[step.name] = tuple(hit.chunk.id for hit in now)
        timings[step.name] = perf_counter() - started
    return Taken(chosen[:k], now[:k], orders, timings, notices)
