"""Figures of a comparison in words, the same in the terminal, the file and the page."""

from __future__ import annotations

from collections.abc import Mapping

from rag_app.evaluation.measures import Interval
from rag_app.evaluation.model_result import ModelResult, Scores, Unknown, Way
from rag_app.evaluation.result import Comparison

WAY_TITLES: Mapping[Way, str] = {
    "hybrid": "With keywords, as answers are found",
    "dense": "By vectors alone",
}
NONE = "—"
_STEPS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def about(comparison: Comparison) -> str:
    """What was compared, in a line."""
    number = f"{comparison.passages:,}"
    if comparison.passages < comparison.total_passages:
        number += f" of {comparison.total_passages:,}"
    return f"{comparison.question_set}; {number} passages; {comparison.made_at[:10]}"


def with_interval(one: Interval) -> str:
    """``0.736 [0.70–0.77]``."""
    return f"{one.mean:.3f} [{one.low:.2f}–{one.high:.2f}]"


def to_leader(scores: Scores) -> str:
    """The difference to the leader: ``-0.045 [-0.081 to -0.012]``; ``best`` for itself."""
    if scores.to_leader is None:
        return against_leader(scores.p_value)
    return with_signs(scores.to_leader)


def with_signs(one: Interval) -> str:
    """A difference: ``+0.031 [+0.015 to +0.047]``."""
    mean, low, high = (f"{value:+.3f}" for value in (one.mean, one.low, one.high))
    return f"{mean} [{low} to {high}]"


def against_leader(p_value: float | None) -> str:
    """The p of the test; ``best`` for the leader itself."""
    if p_value is None:
        return "best"
    return f"p {p_value:.3f}" if p_value >= 0.001 else "p <0.001"


def size(count: int | None) -> str:
    """Bytes as people read them."""
    if count is None:
        return NONE
    for unit, step in _STEPS:
        if count >= step:
            return (
                f"{count / step:.3g} {unit}"
                if count < 1000 * step
                else f"{count / step:.0f} {unit}"
            )
    return f"{count} B"


def rate(per_second: float | None) -> str:
    """Passages in a second."""
    if per_second is None:
        return NONE
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.1f}"


def milliseconds(value: float) -> str:
    """``7.3``, ``120``, ``0.02``."""
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.1 else f"{value:.2f}"


def unknown_words(unknown: Unknown | None) -> str:
    """The share of words that a model does not know."""
    if unknown is None:
        return NONE
    return f"{unknown.unknown / unknown.words:.1%}" if unknown.words else "0.0%"


def destination(model: ModelResult) -> str:
    """Where the text goes, and what it costs."""
    where = model.costs.destination or "stays here"
    return where if model.costs.usd is None else f"{where}, ${model.costs.usd:.2f}"


def remarks(model: ModelResult) -> list[str]:
    """What should be known of a model beyond its figures, in sentences."""
    told: list[str] = []
    if model.costs.truncated:
        told.append(
            f"{model.spec} reads {model.costs.max_tokens} tokens; the ends of "
            f"{model.costs.truncated:,} passages are cut off."
        )
    if model.uncovered_languages:
        parts = ", ".join(f"{count} in {code}" for code, count in model.uncovered_languages.items())
        told.append(f"{model.spec} was not made for the languages of some documents: {parts}.")
    unknown = model.unknown
    if unknown and (unknown.blank_passages or unknown.blank_questions):
        told.append(
            f"{model.spec} knows no word of {unknown.blank_passages:,} passages and of "
            f"{unknown.blank_questions:,} questions: by vectors alone it finds nothing there."
        )
    return told
