"""What ``rag switch`` says: what it begins with, what was built, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_app.cli.output import counted, say, when

if TYPE_CHECKING:
    from ingest.switch import SwitchPlan
    from ingest.switch_outcome import Outcome


def say_begin(plan: SwitchPlan) -> None:
    """Says what is there already, and where the collection comes from."""
    if plan.begun is not None and plan.resumes:
        say(
            f"Going on with the index for {plan.identity.spec} that was begun "
            f"{when(plan.begun.created_at)}: {counted(plan.begun.documents, 'document')} and "
            f"{counted(plan.begun.chunks, 'passage')} of {plan.before.chunks} are there."
        )
    elif plan.begun is not None:
        say(
            f"An index for {plan.begun.embedding.spec} was begun {when(plan.begun.created_at)}, "
            f"with {counted(plan.begun.chunks, 'passage')}. It is dropped; this one starts anew "
            "(the vector cache keeps what was embedded)."
        )
    if not plan.resumes:
        say(
            f"'{plan.name}', {counted(plan.before.documents, 'document')}: from "
            f"{plan.before.embedding.spec} to {plan.identity.spec}. It answers as before until "
            "the new index is complete."
        )


def say_built(outcome: Outcome) -> None:
    """Says how passages were cut, and what the model cannot make of them."""
    for remark in outcome.remarks():
        say(remark)
    say(
        f"The new index is complete: {counted(outcome.documents, 'document')}, "
        f"{counted(outcome.passages, 'passage')}."
    )


def say_done(outcome: Outcome) -> None:
    """Says that the new index answers, and the ways back."""
    name = outcome.collection
    say(
        f"'{name}' now answers with {outcome.to}. The former index ({outcome.before}) is kept: "
        f"`rag rollback {name}` returns to it, `rag collections prune {name}` frees it."
    )
