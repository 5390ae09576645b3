"""What became of a switch, and what the new model makes of the passages, in sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rag_app.types.nouns import counted

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

    def remarks(self) -> list[str]:
        """How passages were cut, and what the model cannot make of them."""
        files, stored = self.recut["from_file"], self.recut["from_passages"]
        said = []
        if self.size != self.size_before:
            said.append(
                f"Passages have up to {self.size} tokens of the new model, which reads "
                f"{self.longest} at once; they had {self.size_before}."
            )
        elif files or stored:
            said.append(f"Some passages had more than {self.size} tokens by the new model's count.")
        if files:
            said.append(f"{counted(files, 'document')} cut anew from the file.")
        if stored:
            said.append(
                f"{counted(stored, 'document')} cut anew from stored passages, because the file "
                "is gone or has changed."
            )
        if self.truncated:
            said.append(f"{counted(self.truncated, 'passage')} longer than the model reads.")
        if blank := self.recut["blank"]:
            said.append(
                f"{counted(blank, 'passage')} without any word that the model knows: found by "
                "keywords only."
            )
        return said

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
