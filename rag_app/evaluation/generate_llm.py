"""Questions from the documents by a language model: one for each of some passages."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from rag_app.answering.chat_model import load_chat_model
from rag_app.answering.generative import Generator
from rag_app.errors import AnswerError
from rag_app.evaluation.passages import Passages
from rag_app.evaluation.questions import EvalQuestion, with_twins
from rag_app.evaluation.rewrite import is_content, split
from rag_app.settings import Settings

PROMPT = """\
Below is a passage of a document, between the lines of dashes. Write one question that somebody \
who has never seen the passage could ask, and that the passage answers. Use other words than the \
passage where you can. Do not mention the passage or the text. Write in the language of the \
passage. Reply with the question alone, in one line that ends with a question mark.

-----
{passage}
-----"""
LEAST_WORDS = 8
"""Words that carry a meaning; a shorter passage has nothing to ask for."""
PATIENCE = 5
"""After so many unusable replies, and none that could be used, the model is given up."""

_LENGTH = range(3, 51)
_MENTIONS = re.compile(r"\b(?:the|this) (?:passage|text|document|excerpt|author)\b", re.IGNORECASE)
_MARKS = '"“”„«»*` '
_NUMBERED = re.compile(r"^(?:question:|q:|\d+[.)]|[-*•])\s*", re.IGNORECASE)


def generate_by_llm(
    passages: Passages,
    count: int,
    settings: Settings,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[EvalQuestion]:
    """Asks the model of ``settings.llm`` for ``count`` questions, one for each passage drawn.

    Raises:
        AnswerError: The model cannot be loaded or does not answer, or cannot write a question.
    """
    chat = load_chat_model(settings)
    generator = Generator(chat, settings)
    usable = [one for one in passages.all if _content(one.chunk.text) >= LEAST_WORDS]
    Random(seed).shuffle(usable)  # noqa: S311 - no secret
    found: dict[str, EvalQuestion] = {}
    refused = 0
    for passage in usable:
        if len(found) >= count or (cancelled is not None and cancelled()):
            break
        if progress is not None:
            progress(len(found), count)
        question = parse_question(generator.complete(PROMPT.format(passage=passage.embedded)))
        if question is None:
            refused += 1
            _check_patience(refused, len(found), settings.llm)
            continue
        found.setdefault(
            question.casefold(),
            EvalQuestion(
                question,
                passage.document.id,
                passage.chunk.page,
                (with_twins([passage.id], passages),),
                "llm",
                passage.chunk.text,
            ),
        )
    return list(found.values())


def parse_question(reply: str) -> str | None:
    """The question of a reply; None unless it is one question and nothing else."""
    lines = [line.strip() for line in reply.splitlines() if line.strip()]
    if len(lines) != 1:
        return None
    question = _NUMBERED.sub("", lines[0].strip(_MARKS)).strip(_MARKS)
    ends = question.endswith(("?", "？"))
    if not ends or question.count("?") > 1 or _MENTIONS.search(question):
        return None
    # Chinese and Japanese have no spaces, so their signs are counted.
    length = len(question.split()) if question.isascii() or " " in question else len(question) // 2
    return question if length in _LENGTH else None


def _content(text: str) -> int:
    return sum(map(is_content, split(text))) or len(text) // 4


def _check_patience(refused: int, found: int, llm: str) -> None:
    if refused >= PATIENCE and not found:
        raise AnswerError(
            f"The language model {llm} does not write usable questions. Name a stronger one (the "
            "setting llm, in the terminal --llm), or extractive, which has them made by rules."
        )
