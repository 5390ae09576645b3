"""Two models on the same questions: by how much does one do better, and can that be chance?

The test is paired randomisation (Smucker, Allan and Carterette, CIKM 2007): if the models were
equally good, each question's difference might as well have the other sign. The interval is that
test turned round: it holds every difference that the test would not reject. So the two cannot
contradict each other: 0 lies in the interval if, and only if, the test finds no difference.

Flipping the signs of some questions makes a difference d as extreme as what was seen exactly if d
lies between the mean of the flipped questions and the mean of the others (Hartigan 1969, typical
values), so each random draw gives one range, and p and interval follow from these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from rag_app.evaluation.measures import SIGNIFICANT, Interval, Values

DRAWS = 10_000
_BLOCK = 500
"""Random draws made at once, to bound the memory."""
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Paired:
    """The difference of two models.

    Attributes:
        mean: Over the questions.
        lows: For each draw the smallest difference that it is as extreme as, in ascending order.
        highs: The largest one, in ascending order.
        p_value: Two-sided, of the test that there is none.
    """

    mean: float
    lows: Values
    highs: Values
    p_value: float

    def interval(self, level: float = SIGNIFICANT) -> Interval:
        """The differences that the test does not reject at ``level``; 0 is one if p >= level."""
        number = ceil(level * (len(self.lows) + 1) - 1)
        if number < 1:  # so few draws can reject nothing
            return Interval(self.mean, -1.0, 1.0)
        low, high = self.lows[number - 1], self.highs[-number]
        # Values lie between 0 and 1, so their differences between -1 and 1.
        return Interval(self.mean, max(-1.0, float(low)), min(1.0, float(high)))


def paired(first: Values, second: Values, seed: int = 0) -> Paired:
    """Compares values from 0 to 1 of the same questions; the difference is first minus second."""
    differences = np.asarray(first - second, np.float64)
    count = len(differences)
    random = np.random.default_rng(seed)
    lows, highs = [], []
    for _ in range(DRAWS // _BLOCK):
        flipped = random.integers(2, size=(_BLOCK, count)).astype(np.float64)
        sums, sizes = flipped @ differences, flipped.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            means = sums / sizes, (differences.sum() - sums) / (count - sizes)
        every = (sizes == 0) | (sizes == count)  # all or none flipped: as extreme as anything
        lows.append(np.where(every, -np.inf, np.minimum(*means) - _ROUNDING))
        highs.append(np.where(every, np.inf, np.maximum(*means) + _ROUNDING))
    low, high = np.concatenate(lows), np.concatenate(highs)
    extreme = int(((low <= 0) & (high >= 0)).sum())
    mean = float(differences.mean()) if count else 0.0
    return Paired(mean, np.sort(low), np.sort(high), (extreme + 1) / (DRAWS + 1))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """What the p-value of each of several tests is multiplied by (Holm 1979).

    With it, one false alarm in all stays as unlikely as in a single test. The interval that goes
    with a corrected test is that at the level divided by its factor: wider than a single one's.
    """
    factors: dict[str, float] = {}
    largest = 0.0
    for number, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        largest = max(largest, (len(p_values) - number) * p_values[name])
        factors[name] = largest / p_values[name]
    return factors
