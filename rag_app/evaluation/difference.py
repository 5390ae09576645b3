"""Where two models disagree, and who was right."""

from __future__ import annotations

from dataclasses import dataclass

from rag_app.evaluation.model_result import Way
from rag_app.evaluation.ranking import Found
from rag_app.evaluation.result import Comparison, QuestionResult

MISSED = 11
"""A rank beyond the first ten."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A question that two models answered differently.

    Attributes:
        question: With everything that was found for it.
        first: What the first model found.
        second: What the second model found.
        right: The spec of the one that had the passage higher; None if both missed it.
    """

    question: QuestionResult
    first: Found
    second: Found
    right: str | None

    @property
    def gap(self) -> float:
        """How far apart they are, as a difference of reciprocal ranks."""
        return abs(1 / (self.first.rank or MISSED) - 1 / (self.second.rank or MISSED))


def differences(
    comparison: Comparison, first: str, second: str, way: Way | None = None
) -> list[Difference]:
    """The questions for which two models put another passage first, largest gap first.

    Args:
        comparison: The result.
        first: Spec of a model that was compared.
        second: Spec of another.
        way: In which way; unless given, the one that the comparison ranks by.
    """
    found: list[Difference] = []
    for one in comparison.questions:
        both = one.found(way or comparison.by)
        a, b = both[first], both[second]
        if a.first == b.first or a.rank == b.rank == 1:
            continue
        better = first if (a.rank or MISSED) < (b.rank or MISSED) else second
        found.append(Difference(one, a, b, None if a.rank == b.rank else better))
    return sorted(found, key=lambda one: (-one.gap, one.question.question.question))


def most_different(comparison: Comparison) -> tuple[str, str] | None:
    """The two models to look at first: the best, and the next that is no twin of it.

    Two precisions of one model find the same passages; among the other models, the one ranked
    highest that differs on a twentieth of the questions is shown.
    """
    models = [model.spec for model in comparison.models]
    if len(models) < 2:
        return None
    least = len(comparison.questions) / 20
    for other in models[1:]:
        if len(differences(comparison, models[0], other)) >= least:
            return models[0], other
    return models[0], models[1]
