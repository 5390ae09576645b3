"""What a comparison gives. Field names are those of its JSON, and stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from rag_app.evaluation.model_result import WAYS, ModelResult, Way
from rag_app.evaluation.questions import EvalQuestion
from rag_app.evaluation.ranking import Found


@dataclass(frozen=True, slots=True)
class ModelFailure:
    """A model that could not be compared, and why."""

    spec: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """A passage as the difference view shows it."""

    text: str
    document: str
    page: int | None


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """One question, and what each model found for it.

    Attributes:
        question: The question.
        hybrid: By the models' specs.
        dense: By the models' specs.
    """

    question: EvalQuestion
    hybrid: Mapping[str, Found]
    dense: Mapping[str, Found]

    def found(self, way: Way) -> Mapping[str, Found]:
        """What was found in one way."""
        return self.hybrid if way == "hybrid" else self.dense

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "question": self.question.question,
            "source": self.question.source,
            "hidden": self.question.hidden,
            "targets": [list(target) for target in self.question.targets],
            **{
                way: {spec: asdict(found) for spec, found in self.found(way).items()}
                for way in WAYS
            },
        }


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What follows from a comparison.

    Attributes:
        sentence: For people.
        spec: The model that is recommended; None where none is.
        cheapest: The fastest of those that cannot be told apart; None where one is recommended.
        tied: Specs that cannot be told apart from the leader, itself included.
    """

    sentence: str
    spec: str | None
    cheapest: str | None
    tied: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result.

    Attributes:
        collection: Its name.
        made_at: When (UTC, ISO 8601).
        by: The way that the models are ranked by.
        question_set: Where the questions come from, for people.
        passages: How many were compared.
        total_passages: How many the collection holds.
        models: Best first.
        failures: Models that could not be compared.
        recommendation: What follows.
        questions: Each question with what was found.
        shown: The passages that ``questions`` mention, by id.
        notices: Sentences that the reader should know.
        interrupted: Whether it was stopped before all models were done.
        seed: Of everything that is drawn by lot.
    """

    collection: str
    made_at: str
    by: Way
    question_set: str
    passages: int
    total_passages: int
    models: tuple[ModelResult, ...]
    failures: tuple[ModelFailure, ...]
    recommendation: Recommendation
    questions: tuple[QuestionResult, ...]
    shown: Mapping[str, ShownPassage]
    notices: tuple[str, ...]
    interrupted: bool
    seed: int

    def to_json(self) -> dict[str, object]:
        """The object that ``rag compare --json`` prints."""
        return {
            "collection": self.collection,
            "made_at": self.made_at,
            "by": self.by,
            "question_set": self.question_set,
            "passages": self.passages,
            "total_passages": self.total_passages,
            "recommendation": asdict(self.recommendation),
            "models": [model.to_json() for model in self.models],
            "failures": [asdict(failure) for failure in self.failures],
            "questions": [one.to_json() for one in self.questions],
            "shown": {id_: asdict(passage) for id_, passage in self.shown.items()},
            "notices": list(self.notices),
            "interrupted": self.interrupted,
            "seed": self.seed,
        }
