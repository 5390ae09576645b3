"""What is to be tuned, and the questions for it: divided before a heavy library is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rag_app.evaluation.material import EXTRACTIVE, Choice, gather
from rag_app.evaluation.question_files import write_questions
from rag_app.evaluation.questions import saved_path
from rag_app.evaluation.tune_pairs import HELD_OUT_SHARE, Split, split_by_document
from rag_app.evaluation.tune_state import TuneState
from rag_app.evaluation.tune_train import Recipe
from rag_app.settings import Settings
from rag_app.store import Collection

MOST_PAIRS = 1000
"""Pairs to learn from: two minutes an epoch on two cores."""
_BY_LLM = 300
"""Questions that a language model is asked for: they take their time, or money."""


@dataclass(frozen=True, slots=True)
class TuneRequest:
    """What is to be tuned, and how.

    Attributes:
        base: Spec of the model to begin with.
        name: What the tuned one will be called.
        questions: The user's own; the saved set of the collection, or new ones, unless given.
        recipe: How it is trained.
    """

    base: str
    name: str
    questions: Path | None = None
    recipe: Recipe = field(default_factory=Recipe)


@dataclass(frozen=True, slots=True)
class TuneStep:
    """How far a tuning has come.

    Attributes:
        stage: ``questions``, ``load``, ``before``, ``training`` or ``after``.
        done: Of the stage.
        total: Of the stage.
    """

    stage: str
    done: int
    total: int


Tell = Callable[[TuneStep], None]


class TuneMaterial:
    """The questions, divided; gathered before a heavy library is loaded."""

    def __init__(
        self,
        collection: Collection,
        settings: Settings,
        request: TuneRequest,
        state: TuneState,
        progress: Tell,
        cancelled: Callable[[], bool],
    ) -> None:
        self.settings, self.request, self.state = settings, request, state
        self.progress, self.cancelled = progress, cancelled
        self.collection = collection.name
        self.wanted = round(MOST_PAIRS / (1 - HELD_OUT_SHARE))
        self.told, self.notices, self.split = self._gathered(collection)

    def _gathered(self, collection: Collection) -> tuple[str, list[str], Split]:
        by_llm = (
            self.request.questions is None
            and not saved_path(self.settings, self.collection).exists()
            and self.settings.llm != EXTRACTIVE
        )
        kept = self.state.questions if by_llm and self.state.questions.exists() else None
        found = gather(
            collection,
            self.settings,
            Choice(self.request.questions or kept, _BY_LLM if by_llm else self.wanted),
            progress=lambda done, total: self.progress(TuneStep("questions", done, total)),
            cancelled=self.cancelled,
        )
        if by_llm and kept is None and not self.cancelled():
            write_questions(self.state.questions, found.questions, found.passages)
        split = split_by_document(
            found.questions, found.passages, MOST_PAIRS, self.request.recipe.seed
        )
        return found.question_set, list(found.notices), split
