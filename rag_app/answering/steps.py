"""The steps after the first ranking that the settings ask for; see ``rag_app.retrieval.steps``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rag_app.retrieval.steps import Step, Steps
from rag_app.settings import Settings

if TYPE_CHECKING:
    from rag_app.retrieval.neighbours import Room
    from rag_app.retrieval.rerank import Complete
    from rag_app.store import Collection

QUESTION_TOKENS = 600
"""For the longest question, and for what stands around each passage."""


def steps_for(settings: Settings, collection: Collection, complete: Complete | None) -> Steps:
    """Makes the steps in force; a reranker is loaded.

    Args:
        settings: Say which.
        collection: Where vectors and neighbours are read.
        complete: The chat model, if there is one.

    Raises:
        UsageError: The reranker's spec is malformed.
        RerankError: The reranker cannot be loaded.
    """
    chooses = bool(settings.rerank or settings.diversity)
    return Steps(
        choosing=tuple(_choosing(settings, collection, complete)),
        widening=tuple(_widening(settings, collection)),
        depth=settings.rerank_candidates if chooses else 0,
    )


def steps_destination(settings: Settings) -> str | None:
    """The host that a reranker sends the question and passages to; None if it names none.

    Raises:
        RagError: The reranker of the user's own cannot be loaded, or an address is malformed.
    """
    from rag_app.answering.chat_model import llm_destination
    from rag_app.retrieval.rerank import rerank_destination

    if settings.rerank.partition(":")[0] == "llm":
        return llm_destination(settings)
    return rerank_destination(settings)


def _choosing(
    settings: Settings, collection: Collection, complete: Complete | None
) -> Iterator[Step]:
    if settings.rerank:
        from rag_app.retrieval.rerank import load_reranker, reranking

        yield reranking(load_reranker(settings, complete), settings)
    if settings.diversity:
        from rag_app.retrieval.diverse import diversifying

        yield diversifying(settings.diversity, collection.vectors)


def _widening(settings: Settings, collection: Collection) -> Iterator[Step]:
    if settings.neighbours:
        from rag_app.retrieval.neighbours import widening

        yield widening(settings.neighbours, collection.chunks, _room(settings))


def _room(settings: Settings) -> Room:
    """What the prompt has for passages, roughly: the prompt itself is fitted word by word."""
    from rag_app.answering.budget import HISTORY_SHARE
    from rag_app.answering.prompt import INSTRUCTIONS
    from rag_app.answering.tokens import token_counter
    from rag_app.retrieval.neighbours import Room

    provider, _, model = settings.llm.partition(":")
    count = token_counter(provider, model)
    taken = settings.llm_answer_tokens + count(INSTRUCTIONS) + QUESTION_TOKENS
    return Room(int((1 - HISTORY_SHARE) * (settings.llm_context_tokens - taken)), count)
