"""What ``rag switch`` says: what it begins with, what was built, and how it ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rag_app.cli.output import counted, say, when

if TYPE_CHECKING:
    from ingest.switch import Switch, SwitchPlan


@dataclass(slots=True)
class Outcome:
    """What became of a switch.

    Attributes:
        collection: Its name.
        before: Spec of the model that it had.
        to: Spec of the new one.
        size_before: Tokens of a passage before.
        size: Tokens of a passage in the new index.
        longest: What the new model reads.
        documents: In the new index.
        passages: In the new index.
        truncated: Passages of it that the new model cannot read to their end.
        recut: How the documents of this run came to their passages.
        comparison: Of the two indexes on the saved questions.
        changed_over: Whether the new index answers now.
        interrupted: Whether it was stopped before.
        seconds: Wall time.
    """

    collection: str
    before: str
    to: str
    size_before: int
    size: int
    longest: int
    documents: int
    passages: int
    truncated: int
    recut: dict[str, int]
    interrupted: bool
    comparison: object | None = None
    changed_over: bool = False
    seconds: float = 0.0

    def to_json(self) -> dict[str, object]:
        """The object that ``--json`` prints."""
        return {
            "collection": self.collection,
            "from": self.before,
            "to": self.to,
            "chunk_tokens": {"before": self.size_before, "after": self.size},
            "documents": self.documents,
            "passages": self.passages,
            "truncated_passages": self.truncated,
            "recut": self.recut,
            "comparison": self.comparison,
            "changed_over": self.changed_over,
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
        }


def outcome_of(plan: SwitchPlan, opened: Switch, *, interrupted: bool) -> Outcome:
    """What was built so far."""
    info, records = opened.following.info, opened.following.documents()
    return Outcome(
        plan.name,
        plan.before.embedding.spec,
        plan.identity.spec,
        plan.before.chunking.size,
        plan.chunking.size,
        plan.identity.max_tokens,
        info.documents,
        info.chunks,
        sum(record.truncated_chunks for record in records),
        asdict(opened.cuts),
        interrupted,
    )


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
    files, stored = outcome.recut["from_file"], outcome.recut["from_passages"]
    if outcome.size != outcome.size_before:
        say(
            f"Passages have up to {outcome.size} tokens of the new model, which reads "
            f"{outcome.longest} at once; they had {outcome.size_before}."
        )
    elif files or stored:
        say(f"Some passages had more than {outcome.size} tokens by the new model's count.")
    if files:
        say(f"{counted(files, 'document')} cut anew from the file.")
    if stored:
        say(
            f"{counted(stored, 'document')} cut anew from stored passages, because the file is "
            "gone or has changed."
        )
    if outcome.truncated:
        say(f"{counted(outcome.truncated, 'passage')} longer than the model reads.")
    if blank := outcome.recut["blank"]:
        say(
            f"{counted(blank, 'passage')} without any word that the model knows: found by keywords "
            "only."
        )
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
