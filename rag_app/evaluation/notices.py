"""What a reader should know of a comparison beside its figures."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from rag_app.embeddings.providers import provider_row
from rag_app.embeddings.spec import parse_spec
from rag_app.errors import RagError, UsageError
from rag_app.evaluation.passages import Passages
from rag_app.evaluation.questions import EvalQuestion
from rag_app.evaluation.tune_notice import learned_notice
from rag_app.settings import Settings

RULES_WARNING = (
    "The questions were made by rules. They borrow words from the documents, which favours models "
    "that count words: on a public set (Cranfield, 13 models) they ranked models as people's "
    "questions did with a Kendall's tau of 0.82 by vectors alone, but put tfidf first where people "
    "put minilm, and with a tau of 0.41 with keywords, where most models are close and both put "
    "minilm first (1 is the same order). Before you decide, ask thirty questions of your own, from "
    "a file (in the terminal --questions FILE)."
)
"""With the limits that benchmarks/compare_trust.py has measured."""


def notices(
    passages: Passages,
    questions: Sequence[EvalQuestion],
    specs: Sequence[str],
    settings: Settings,
    *,
    done: int,
) -> list[str]:
    """Sentences on a comparison.

    Args:
        passages: What was compared on.
        questions: What was asked.
        specs: The models that were named.
        settings: Where tuned models are kept.
        done: How many of them were measured, or failed; fewer than all when it was stopped.
    """
    told: list[str] = []
    if len(passages.all) < passages.total:
        told.append(
            f"Compared on {len(passages.all):,} of {passages.total:,} passages: each is found "
            "more easily than among all of them, by every model."
        )
    hidden = sum(question.hidden for question in questions)
    known = [spec for spec in specs if _was_fitted(spec)] if hidden else []
    if known:
        told.append(
            f"{', '.join(known)}: if fitted on these documents, it knows the words that "
            f"{hidden} questions were made of, and looks better than it is. Name the provider "
            "alone to have it fitted without them."
        )
    told += _flattered(specs, questions, settings)
    if any(question.source == "offline" for question in questions):
        told.append(RULES_WARNING)
    if done < len(specs):
        told.append(
            f"Stopped: {done} of {len(specs)} models were compared. What was embedded is "
            "kept; the same command goes on from there."
        )
    return told


def _flattered(
    specs: Sequence[str], questions: Sequence[EvalQuestion], settings: Settings
) -> list[str]:
    found: list[str] = []
    for spec in specs:
        with suppress(RagError):  # the model's own failure says so
            found += filter(None, [learned_notice(spec, questions, settings)])
    return found


def _was_fitted(spec: str) -> bool:
    try:
        parsed = parse_spec(spec)
        return provider_row(parsed.provider).fits and bool(parsed.model)
    except UsageError:
        return False  # the model's own failure says so
