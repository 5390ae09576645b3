"""Questions that models are compared by, and the set that is saved for each collection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag_app.evaluation.passages import Passages
from rag_app.settings import Settings

Source = Literal["user", "llm", "offline"]


@dataclass(frozen=True, slots=True)
class EvalQuestion:
    """A question whose answer is known to stand in certain passages.

    Attributes:
        question: In any words.
        document_id: The document that answers it, if it is one.
        page: 1-based page of it.
        targets: What has to be found. Each target is the ids of passages that are as good as each
            other (the passages of one page, or passages that say the same): finding one is
            finding the target, and the others then count neither as right nor as wrong.
        source: Who made it.
        text: Words of the passage that it is about, so that the question is still understood
            when the passages are cut anew.
        hidden: Whether ``text`` is taken out of its passages before they are embedded, so that
            the question is found by what stands around its sentence (hide.py).
    """

    question: str
    document_id: str | None
    page: int | None
    targets: tuple[tuple[str, ...], ...]
    source: Source
    text: str = ""
    hidden: bool = False

    @property
    def chunk_ids(self) -> tuple[str, ...]:
        """The passages of all targets."""
        return tuple(id_ for target in self.targets for id_ in target)

    def to_json(self, passages: Passages) -> dict[str, object]:
        """A line of a question file; ``read_questions`` reads it back."""
        first = passages.by_id.get(self.chunk_ids[0]) if self.targets else None
        return {
            "question": self.question,
            "document": first.document.source if first else None,
            "page": self.page,
            "text": self.text or None,
            "source": self.source,
            **({"hidden": True} if self.hidden else {}),
        }


def saved_path(settings: Settings, collection: str) -> Path:
    """Where the set of a collection is kept."""
    return settings.home / "questions" / f"{collection}.jsonl"


def merged(questions: Iterable[EvalQuestion]) -> list[EvalQuestion]:
    """Questions of the same words as one, with the targets of all."""
    found: dict[str, EvalQuestion] = {}
    for one in questions:
        key = " ".join(one.question.split()).casefold()
        before = found.get(key)
        found[key] = one if before is None else _both(before, one)
    return list(found.values())


def _both(first: EvalQuestion, second: EvalQuestion) -> EvalQuestion:
    known = set(first.chunk_ids)
    new = tuple(target for target in second.targets if not known & set(target))
    same = first.document_id == second.document_id
    return EvalQuestion(
        first.question,
        first.document_id if same else None,
        first.page if same and first.page == second.page else None,
        first.targets + new,
        first.source,
        first.text,
        first.hidden,
    )


def with_twins(target: Sequence[str], passages: Passages) -> tuple[str, ...]:
    """A target with every passage that says the same as one of it."""
    return tuple(dict.fromkeys(twin for id_ in target for twin in passages.twins[id_]))
