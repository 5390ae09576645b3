"""Reranking: the passages of the first ranking, read once more, each beside the question.

A reranker that fails, or is not done in time, leaves the first ranking as it is, and says so. One
that was named and is not there is an error: nothing takes its place in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import Protocol, TypeVar

from rag_app.embeddings.user_code import said
from rag_app.errors import RagError, UsageError
from rag_app.retrieval.search import SearchResult
from rag_app.retrieval.steps import RERANK, Step, Stepped
from rag_app.settings import Settings
from rag_app.types import Hit

T = TypeVar("T")

ShouldStop = Callable[[], bool]
Complete = Callable[[str, ShouldStop], str]
"""Answers a prompt; leaves off when it is told to stop."""


class Reranker(Protocol):
    """What a provider gives."""

    def order(self, question: str, hits: Sequence[Hit], should_stop: ShouldStop) -> list[int]:
        """Positions of the passages, best first; what is not named is dropped.

        Args:
            question: As it was searched for.
            hits: At least one.
            should_stop: Asked between two batches; the order is of no use any more then.

        Raises:
            RerankError: There is no order to be had.
        """


@dataclass(frozen=True, slots=True)
class Needs:
    """What a provider may use.

    Attributes:
        argument: What stands after the provider's name in the spec.
        settings: Those in force.
        complete: The chat model; None where there is none.
    """

    argument: str
    settings: Settings
    complete: Complete | None = None

    @property
    def spec(self) -> str:
        """The reranker as the user named it."""
        return self.settings.rerank


def load_reranker(settings: Settings, complete: Complete | None) -> Reranker:
    """Loads the reranker that ``settings.rerank`` names.

    Raises:
        UsageError: There is no such provider.
        RerankError: It cannot be loaded.
    """
    provider, _, argument = settings.rerank.partition(":")
    if provider not in _PROVIDERS:
        raise UsageError(
            f"'{settings.rerank}' is no reranker. Write cross-encoder:NAME-OR-PATH, llm:, or "
            "python:package.module:factory, or leave the setting rerank empty."
        )
    return _PROVIDERS[provider](Needs(argument, settings, complete))


def rerank_destination(settings: Settings) -> str | None:
    """The host that the user's own reranker says it sends text to; None if it names none.

    A chat model that reranks is announced as the chat model.

    Raises:
        RagError: It cannot be loaded.
    """
    if not settings.rerank.startswith("python:"):
        return None
    host = getattr(load_reranker(settings, None), "destination", None)
    return str(host) if host else None


def _cross_encoder(needs: Needs) -> Reranker:
    from rag_app.retrieval.rerank_cross_encoder import load

    return load(needs)


def _llm(needs: Needs) -> Reranker:
    from rag_app.retrieval.rerank_llm import load

    return load(needs)


def _python(needs: Needs) -> Reranker:
    from rag_app.retrieval.rerank_custom import load

    return load(needs)


_PROVIDERS: dict[str, Callable[[Needs], Reranker]] = {
    "cross-encoder": _cross_encoder,
    "llm": _llm,
    "python": _python,
}


def reranking(reranker: Reranker, settings: Settings) -> Step:
    """The step that orders the first passages as ``reranker`` says."""
    name, seconds = settings.rerank, settings.rerank_seconds

    def apply(search: SearchResult, hits: Sequence[Hit], k: int) -> Stepped:
        del k
        given, rest = hits[: settings.rerank_candidates], hits[settings.rerank_candidates :]
        if not given:
            return Stepped(tuple(hits))
        try:
            order = within(seconds, lambda stop: reranker.order(search.question, given, stop))
        except TimeoutError:
            why = f"was not done within {seconds:g} seconds"
        except RagError as error:
            why = f"gave no order ({str(error).rstrip('.')})"
        except Exception as error:  # noqa: BLE001 - an edge: a model's or the user's own code
            why = f"gave no order ({said(error)})"
        else:
            if len(order) < len(given):  # what ranked below those dropped does not follow
                rest = ()
            return Stepped((*(given[n] for n in order), *rest))
        return Stepped(
            tuple(hits),
            (f"The reranker {name} {why}, so the passages stand as they were ranked first.",),
        )

    return Step(RERANK, apply)


def within(seconds: float, work: Callable[[ShouldStop], T]) -> T:
    """What ``work`` returns, if it does so in time.

    It runs in a thread of its own, which is told to stop and left behind when the time is over.

    Raises:
        TimeoutError: The time is over.
        Exception: Whatever ``work`` raises.
    """
    stop = Event()
    results: list[T] = []
    faults: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work(stop.is_set))
        except BaseException as error:  # noqa: BLE001 - an edge: raised again by the one who waits
            faults.append(error)

    thread = Thread(target=run, name="rerank", daemon=True)
    thread.start()
    thread.join(seconds)
    stop.set()
    if faults:
        raise faults[0]
    if not results:
        raise TimeoutError
    return results[0]
