"""A comparison flatters a tuned model where it asks about documents that it has learned from."""

from __future__ import annotations

from collections.abc import Sequence

from rag_app.embeddings.tuned import learned_documents
from rag_app.evaluation.questions import EvalQuestion
from rag_app.settings import Settings


def learned_notice(spec: str, questions: Sequence[EvalQuestion], settings: Settings) -> str | None:
    """What to say of a tuned model whose figures are not fair; None of any other model.

    Args:
        spec: Any model.
        questions: What it is measured by.
        settings: ``home`` is where tuned models are kept.

    Raises:
        EmbeddingError: There is no such tuned model, or it is damaged.
    """
    learned = learned_documents(spec, settings)
    known = sum(one.document_id in learned for one in questions)
    if not known:
        return None
    return (
        f"{spec} has learned from the documents of {known} of the {len(questions)} questions, "
        "which flatters it here. Its score on held-out documents is the fair one: the page Models "
        "and `rag models` tell it."
    )
