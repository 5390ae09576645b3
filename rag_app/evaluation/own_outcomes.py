"""What became of the user's questions: was the right place found, was the right thing said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rag_app.answering import Assistant
from rag_app.evaluation.own_questions import OwnQuestion
from rag_app.evaluation.question_files import plain, shares_half
from rag_app.types import Answer, Hit

Miss = Literal["document", "page", "text", "answer", "abstained", "answered"]
"""What is wrong: the document, its page or the text is not among the passages, the answer lacks
the expected words, or it abstained, or answered, where it should not have."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question.

    Attributes:
        asked: The question.
        document_rank: Rank of the first passage of its document, from 1; None if there is none.
        page_rank: The same of its page.
        text_rank: The same of its text.
        contains: Whether the answer has the expected words.
        abstained: Whether it said that the documents do not tell.
        answer: What was answered.
    """

    asked: OwnQuestion
    document_rank: int | None
    page_rank: int | None
    text_rank: int | None
    contains: bool
    abstained: bool
    answer: str

    @property
    def misses(self) -> tuple[Miss, ...]:
        """What is wrong; empty where all is well."""
        asked = self.asked
        if not asked.answerable:
            return () if self.abstained else ("answered",)
        wrong: tuple[tuple[Miss, bool], ...] = (
            ("document", bool(asked.document) and self.document_rank is None),
            ("page", asked.page is not None and self.page_rank is None),
            ("text", bool(asked.text) and self.text_rank is None),
            ("answer", bool(asked.answer) and not self.contains),
            ("abstained", self.abstained),
        )
        return tuple(name for name, is_wrong in wrong if is_wrong)

    def to_json(self) -> dict[str, object]:
        """The question with what was expected and what came."""
        asked = self.asked
        return {
            "line": asked.line,
            "question": asked.question,
            "document": asked.document or None,
            "page": asked.page,
            "text": asked.text or None,
            "expected": asked.answer or None,
            "answerable": asked.answerable,
            "missed": list(self.misses),
            "document_rank": self.document_rank,
            "page_rank": self.page_rank,
            "text_rank": self.text_rank,
            "abstained": self.abstained,
            "answer": self.answer,
        }


def ask_all(
    assistant: Assistant,
    questions: Sequence[OwnQuestion],
    k: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Outcome]:
    """Asks each question by itself, as a user would; ends early when it is cancelled.

    Args:
        assistant: Of the collection.
        questions: Of its file.
        k: Passages that are found.
        progress: Told how many are asked.
        cancelled: Asked before each whether to stop.

    Raises:
        RagError: The embedding model or the language model does not answer.
    """
    for number, one in enumerate(questions):
        if cancelled():
            return
        progress(number, len(questions))
        yield outcome_of(one, assistant.ask(one.question, k=k, should_stop=cancelled))
    progress(len(questions), len(questions))


def outcome_of(asked: OwnQuestion, answer: Answer) -> Outcome:
    """Compares an answer and its passages with what was expected."""
    own = [hit.document.id == asked.document_id for hit in answer.hits]
    on_page = [
        is_own and hit.chunk.page == asked.page
        for is_own, hit in zip(own, answer.hits, strict=True)
    ]
    return Outcome(
        asked,
        _first(own),
        _first(on_page),
        _first([_holds(asked.text, hit) for hit in answer.hits]),
        bool(asked.answer) and plain(asked.answer) in plain(answer.text),
        answer.abstained,
        answer.text,
    )


def _holds(text: str, hit: Hit) -> bool:
    wanted, passage = plain(text), plain(hit.chunk.text)
    return bool(wanted) and (wanted in passage or shares_half(wanted, passage))


def _first(found: Sequence[bool]) -> int | None:
    return found.index(True) + 1 if True in found else None
