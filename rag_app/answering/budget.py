"""Fits the prompt into the language model's context: passages first, then the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag_app.answering.prompt import INSTRUCTIONS, passage_block
from rag_app.answering.tokens import TokenCounter
from rag_app.errors import AnswerError
from rag_app.types import Hit, Turn

PER_MESSAGE = 8
"""Tokens that a chat template puts around a message, on the safe side."""

HISTORY_TURNS = 8
"""Earlier turns that are shown to the model."""

HISTORY_SHARE = 0.25
"""Of the room, which the latest turns may take before passages are dropped for them."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What goes into the prompt, and what to tell of what does not."""

    hits: tuple[Hit, ...]
    history: tuple[Turn, ...]
    notices: tuple[str, ...]


def fit(
    question: str,
    hits: Sequence[Hit],
    history: Sequence[Turn],
    *,
    count: TokenCounter,
    context_tokens: int,
    answer_tokens: int,
) -> Fitted:
    """Drops the last passages, then the oldest turns, until the prompt leaves room to answer.

    The latest turns may take up to ``HISTORY_SHARE`` before passages are dropped for them.

    Raises:
        AnswerError: Not even the question with its best passage fits.
    """
    room = context_tokens - answer_tokens - count(INSTRUCTIONS) - count(question) - 5 * PER_MESSAGE
    costs = [count(passage_block(n, hit)) + 1 for n, hit in enumerate(hits, start=1)]
    if costs and costs[0] > room:
        raise AnswerError(
            f"The question and one passage do not fit into {context_tokens:,} tokens with "
            f"{answer_tokens:,} kept for the answer. Raise RAG_LLM_CONTEXT_TOKENS if the model "
            "allows it, or lower RAG_LLM_ANSWER_TOKENS or RAG_CHUNK_TOKENS."
        )
    recent = list(history)[-HISTORY_TURNS:]
    lengths = [count(turn.text) + PER_MESSAGE for turn in recent]
    turns = _last_that_fit(lengths, int(HISTORY_SHARE * room))
    spent = sum(lengths[len(recent) - turns :])
    kept = max(1, _first_that_fit(costs, room - spent)) if costs else 0
    if kept and costs[0] > room - spent:
        turns = 0
    notices = []
    if kept < len(hits):
        notices.append(
            f"Only {kept} of {len(hits)} passages fit into the language model's context of "
            f"{context_tokens:,} tokens; the others were left out."
        )
    if turns < len(recent):
        notices.append(
            "The earlier part of the conversation was left out: the language model's context is "
            f"{context_tokens:,} tokens."
        )
    return Fitted(tuple(hits[:kept]), tuple(recent[len(recent) - turns :]), tuple(notices))


def _first_that_fit(costs: Sequence[int], room: int) -> int:
    for index, cost in enumerate(costs):
        room -= cost
        if room < 0:
            return index
    return len(costs)


def _last_that_fit(costs: Sequence[int], room: int) -> int:
    return _first_that_fit(costs[::-1], room)
