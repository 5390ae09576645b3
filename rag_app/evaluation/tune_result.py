"""What came of a tuning, in figures and in sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from rag_app.evaluation.tune_score import Improvement
from rag_app.types.nouns import counted


@dataclass(frozen=True, slots=True)
class TuneResult:
    """A finished tuning; the model is saved.

    Attributes:
        spec: The tuned model: ``tuned:NAME``.
        base: The model that it was.
        collection: What it has learned.
        questions: Where the questions came from, in words.
        pairs: Pairs of question and passage that it has learned from.
        learned_documents: Documents that these are of.
        held_out: Questions that it was judged by.
        held_out_documents: Documents that these are of; it has learned nothing from them.
        candidates: Passages that they were looked for among.
        steps: Steps of the training, all epochs.
        device: What computed: ``cpu``, ``cuda:0``.
        seconds: This call took.
        score: nDCG@10 before and after.
        notices: What else the user should know.
    """

    spec: str
    base: str
    collection: str
    questions: str
    pairs: int
    learned_documents: int
    held_out: int
    held_out_documents: int
    candidates: int
    steps: int
    device: str
    seconds: float
    score: Improvement
    notices: tuple[str, ...] = ()

    @property
    def recommended(self) -> bool:
        """Whether it is surely better than its base."""
        return self.score.is_sure

    def sentences(self) -> list[str]:
        """The score, and what follows from it."""
        before, after, change = self.score.before, self.score.after, self.score.difference
        score = (
            f"nDCG@10 of {self.asked}: {before.mean:.3f} before, {after.mean:.3f} after "
            f"({change.mean:+.3f}, 95 % interval {change.low:+.3f} to {change.high:+.3f})."
        )
        return [score, self._advice()]

    @property
    def asked(self) -> str:
        """What it was judged by, in words."""
        return (
            f"{counted(self.held_out, 'question')} about "
            f"{counted(self.held_out_documents, 'document')} that it has not learned from"
        )

    @property
    def verdict(self) -> str:
        """Whether it was worth it, in a sentence."""
        if self.recommended:
            return "It improved."
        if self.score.difference.high < 0:
            return f"It became worse; keep {self.base}."
        return f"It did not improve (the interval includes 0); keep {self.base}."

    def _advice(self) -> str:
        how = f" Try it: rag switch {self.collection} --to {self.spec}" * self.recommended
        return self.verdict + how

    def to_json(self) -> dict[str, object]:
        """For ``--json``."""
        return asdict(self) | {
            "seconds": round(self.seconds, 1),
            "score": self.score.to_json(),
            "recommended": self.recommended,
            "advice": self._advice(),
            "notices": list(self.notices),
        }
