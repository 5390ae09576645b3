"""From the outcomes of the user's questions to figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag_app.evaluation.own_kept import Changes
from rag_app.evaluation.own_outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Abstention:
    """How well it is told which questions the documents do not answer.

    Attributes:
        answerable: Questions that they answer.
        unanswerable: Those that they do not.
        silent: Answerable ones that were abstained from.
        refused: Unanswerable ones that were abstained from.
    """

    answerable: int
    unanswerable: int
    silent: int
    refused: int

    @property
    def precision(self) -> float | None:
        """Share of the abstentions that were right; None where there were none."""
        return _share(self.refused, self.refused + self.silent)

    @property
    def recall(self) -> float | None:
        """Share of the unanswerable questions that were abstained from."""
        return _share(self.refused, self.unanswerable)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both; None where nothing is unanswerable."""
        if not self.unanswerable:
            return None
        return _share(2 * self.refused, self.unanswerable + self.refused + self.silent)

    def to_json(self) -> dict[str, float | int | None]:
        """Counts and rates."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "abstained_answerable": self.silent,
            "abstained_unanswerable": self.refused,
        }


@dataclass(frozen=True, slots=True)
class OwnReport:
    """What was measured by the user's questions.

    Attributes:
        collection: Its name.
        path: The file of questions.
        embedding: Spec of the model that searched.
        llm: Spec of the answerer.
        k: Passages found for each question.
        outcomes: Of the questions that were asked.
        changes: Against the last run; None where there was none.
        notices: Sentences that the reader should know.
        interrupted: Whether the user stopped it.
    """

    collection: str
    path: Path
    embedding: str
    llm: str
    k: int
    outcomes: tuple[Outcome, ...]
    changes: Changes | None = None
    notices: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def abstention(self) -> Abstention:
        """Counts of abstaining."""
        known = [one for one in self.outcomes if one.asked.answerable]
        unknown = [one for one in self.outcomes if not one.asked.answerable]
        return Abstention(
            len(known),
            len(unknown),
            sum(one.abstained for one in known),
            sum(one.abstained for one in unknown),
        )

    @property
    def figures(self) -> dict[str, float | None]:
        """Shares of the questions that name a document, a page, a text, an answer."""
        return figures_of(self.outcomes, self.k)

    @property
    def all_figures(self) -> dict[str, float | None]:
        """The same with those of abstaining."""
        abstention = self.abstention
        return {
            **self.figures,
            "abstain_precision": abstention.precision,
            "abstain_recall": abstention.recall,
            "abstain_f1": abstention.f1,
        }

    @property
    def missed(self) -> list[Outcome]:
        """The questions with which something is wrong."""
        return [one for one in self.outcomes if one.misses]

    def to_json(self) -> dict[str, object]:
        """As ``rag eval questions --json`` prints it."""
        abstention = self.abstention
        return {
            "collection": self.collection,
            "file": str(self.path),
            "embedding": self.embedding,
            "llm": self.llm,
            "k": self.k,
            "questions": len(self.outcomes),
            "answerable": abstention.answerable,
            "unanswerable": abstention.unanswerable,
            "figures": self.figures,
            "abstention": abstention.to_json(),
            "missed": [one.to_json() for one in self.missed],
            "changes": self.changes.to_json() if self.changes else None,
            "notices": list(self.notices),
            "interrupted": self.interrupted,
        }


def figures_of(outcomes: Sequence[Outcome], k: int) -> dict[str, float | None]:
    """The hit rates at 1 and at k, and how many answers contain what they must.

    A rate is over the answerable questions that name such a thing; None where none does.
    """
    known = [one for one in outcomes if one.asked.answerable]
    kinds: tuple[tuple[str, Callable[[Outcome], bool], Callable[[Outcome], int | None]], ...] = (
        ("document", lambda one: bool(one.asked.document), lambda one: one.document_rank),
        ("page", lambda one: one.asked.page is not None, lambda one: one.page_rank),
        ("text", lambda one: bool(one.asked.text), lambda one: one.text_rank),
    )
    found: dict[str, float | None] = {}
    for name, names_one, rank_of in kinds:
        ranks = [rank_of(one) for one in known if names_one(one)]
        for cutoff in dict.fromkeys((1, k)):
            hits = sum(rank is not None and rank <= cutoff for rank in ranks)
            found[f"{name}@{cutoff}"] = _share(hits, len(ranks))
    expected = [one for one in known if one.asked.answer]
    contained = sum(one.contains for one in expected)
    return {**found, "answer_contains": _share(contained, len(expected))}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
