"""A follow-up question made to stand alone, so that it can be searched for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag_app.answering.words import content_words, stem, words
from rag_app.types import Turn

_REFERS = re.compile(
    r"\b(it|its|they|them|their|he|him|his|she|her|hers|this|that|these|those|there|one|ones"
    r"|the (same|other|former|latter|first|second|last)"
    r"|eso|esa|este|esta|ello|ellos|ellas|él|su|sus|allí)\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^\W*(and|but|or|so|also|then|why|how so|how come|what about|how about|what else|since when"
    r"|y|pero|entonces|por qué|und|et)\b",
    re.IGNORECASE,
)

FRAGMENT = 3
"""So few words are no sentence ("Shipping to Spain?") and lean on the question before them."""

MAX_CHARACTERS = 400
"""A rewritten question longer than this is no question."""

PROMPT = (
    "Rewrite the last question of this conversation so that it can be understood without the "
    "rest. Keep its language. Write the question and nothing else.\n\n{conversation}\n\n"
    "Last question: {question}"
)


def leans_on_history(question: str) -> bool:
    """Whether a question refers to something outside it, by its form."""
    return bool(
        _CONTINUES.search(question)
        or _REFERS.search(question)
        or len(words(question)) <= FRAGMENT
        or len(content_words(question)) == 1
    )


def stand_alone(
    question: str,
    history: Sequence[Turn],
    rewrite: Callable[[str], str] | None = None,
) -> str:
    """The question to search for.

    Without a language model, a follow-up receives the content words of the question before it.

    Args:
        question: As it was asked.
        history: Earlier turns, oldest first.
        rewrite: A language model that answers a prompt, if there is one. What it writes is taken
            only if it looks like one question.

    Raises:
        AnswerError: ``rewrite`` does not answer.
    """
    earlier = [turn.text for turn in history if turn.role == "user" and turn.text.strip()]
    if not earlier or not leans_on_history(question):
        return question
    if rewrite is not None:
        written = rewrite(_prompt(question, history)).strip().strip('"“”')
        if (
            "\n" not in written
            and 0 < len(written) <= MAX_CHARACTERS
            and _related(written, [*earlier, question])
        ):
            return written
    return _with_words_of(earlier, question)


def _with_words_of(earlier: Sequence[str], question: str) -> str:
    """Appends what the last self-contained question was about."""
    have = set(content_words(question))
    topic: list[str] = []
    for text in reversed(earlier):
        asked = content_words(text)
        as_written = {stem(word): word for word in reversed(words(text))}
        topic += [as_written[key] for key in asked if key not in have]
        have |= asked.keys()
        if not leans_on_history(text):
            break
    return f"{question} ({' '.join(topic)})" if topic else question


def _prompt(question: str, history: Sequence[Turn]) -> str:
    lines = (f"{turn.role}: {' '.join(turn.text.split())[:500]}" for turn in history[-6:])
    return PROMPT.format(conversation="\n".join(lines), question=question)


def _related(written: str, conversation: Sequence[str]) -> bool:
    """Whether most of what was written comes from the conversation."""
    known = {key for text in conversation for key in content_words(text)}
    asked = content_words(written).keys()
    return len(asked & known) >= max(1, len(asked) / 2)
