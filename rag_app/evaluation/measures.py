"""How good rankings are: measures of each question, and the intervals of their means.

The measures are computed by ir-measures (MacAvaney et al., ECIR 2022) as trec_eval does. Intervals
are percentile bootstraps over questions (Efron 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MEASURES = ("ndcg@10", "mrr@10", "recall@1", "recall@5", "recall@10")
MAIN = "ndcg@10"
"""What models are ranked by."""
DEPTH = 10
RESAMPLES = 2000
CONFIDENCE = 0.95
SIGNIFICANT = 0.05
_BLOCK = 500
"""Random draws made at once, to bound the memory."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over questions and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """Rounded to four digits."""
        return {name: round(getattr(self, name), 4) for name in ("mean", "low", "high")}


def measure(ranks: Sequence[Sequence[int]], targets: Sequence[int]) -> dict[str, Values]:
    """The measures of each question.

    Args:
        ranks: For each question the ranks (from 1) at which its targets were found.
        targets: For each question how many it has.

    Returns:
        For each name in ``MEASURES`` an array with a value for each question.
    """
    import ir_measures
    from ir_measures import RR, R, nDCG

    names = dict(zip((nDCG @ 10, RR @ 10, R @ 1, R @ 5, R @ 10), MEASURES, strict=True))
    qrels = {
        str(number): {f"target {one}": 1 for one in range(count)}
        for number, count in enumerate(targets)
    }
    run = {str(number): _scored(found) for number, found in enumerate(ranks)}
    values = {name: np.zeros(len(targets)) for name in MEASURES}
    for metric in ir_measures.iter_calc(list(names), qrels, run):
        values[names[metric.measure]][int(metric.query_id)] = metric.value
    return values


def _scored(found: Sequence[int]) -> dict[str, float]:
    """A run in which the targets stand at the given ranks, and strangers at all others."""
    at = {rank: f"target {number}" for number, rank in enumerate(sorted(found))}
    return {at.get(rank, f"other {rank}"): -float(rank) for rank in range(1, DEPTH + 1)}


def interval(values: Values, seed: int = 0) -> Interval:
    """The mean of ``values`` (one for each question) with its bootstrap interval."""
    if not len(values):
        return Interval(0.0, 0.0, 0.0)
    random = np.random.default_rng(seed)
    means = np.concatenate(
        [
            values[random.integers(len(values), size=(_BLOCK, len(values)))].mean(axis=1)
            for _ in range(RESAMPLES // _BLOCK)
        ]
    )
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, (tail, 1 - tail))
    return Interval(float(values.mean()), float(low), float(high))
