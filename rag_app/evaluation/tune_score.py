"""How well a model finds held-out questions: nDCG@10 of each, by vectors alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rag_app.embeddings.base import Vectors
from rag_app.embeddings.transformer import Transformer
from rag_app.evaluation.measures import MAIN, Interval, Values, interval, measure
from rag_app.evaluation.ranking import dense_rankings, judge
from rag_app.evaluation.tune_pairs import Split

_BATCH = 32


@dataclass(frozen=True, slots=True)
class Improvement:
    """The score of held-out questions before and after.

    Attributes:
        before: nDCG@10 of the base model.
        after: Of the tuned one.
        difference: After minus before of each question (a paired bootstrap).
    """

    before: Interval
    after: Interval
    difference: Interval

    @property
    def is_sure(self) -> bool:
        """Whether the whole interval of the difference lies above 0."""
        return self.difference.low > 0

    def to_json(self) -> dict[str, object]:
        """For reports and for ``model.json``."""
        return {
            "measure": MAIN,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "difference": self.difference.to_json(),
            "recommended": self.is_sure,
        }


def improvement(before: Values, after: Values) -> Improvement:
    """Compares the values of the same questions, in the same order."""
    return Improvement(interval(before), interval(after), interval(after - before))


def score(embeddings: Transformer, split: Split, progress: Callable[[int], bool]) -> Values | None:
    """nDCG@10 of each held-out question among the candidates.

    Args:
        embeddings: The model as it is now.
        split: What to ask, and what to find.
        progress: Told how many texts are embedded; False ends it.

    Returns:
        A value for each question; None where it was ended.
    """
    passages = split.candidates.all
    # Texts of one length together: a batch is padded to its longest.
    order = sorted(range(len(passages)), key=lambda index: -len(passages[index].embedded))
    vectors = np.zeros((len(passages), embeddings.identity.dimension), np.float32)
    for start in range(0, len(order), _BATCH):
        if not progress(start):
            return None
        rows = order[start : start + _BATCH]
        vectors[rows] = embeddings.encode_documents([passages[row].embedded for row in rows])
    rankings = dense_rankings(
        [passage.id for passage in passages], vectors, _asked(embeddings, split)
    )
    found = [judge(*pair) for pair in zip(rankings, split.held_out, strict=True)]
    targets = [len(one.targets) for one in split.held_out]
    progress(len(passages))
    return measure([one.ranks for one in found], targets)[MAIN]


def _asked(embeddings: Transformer, split: Split) -> Vectors:
    """The vectors of the questions, in batches: one by one they took longer than the passages."""
    prefix = embeddings.identity.query_prefix
    return np.asarray(
        embeddings.model.encode(
            [prefix + one.question for one in split.held_out],
            prompt="",  # the prefix stands there already
            task="query",
            batch_size=_BATCH,
            show_progress_bar=False,
            normalize_embeddings=True,
        ),
        np.float32,
    )
