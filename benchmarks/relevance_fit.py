"""The regressions of fit_relevance.py: from examples to weights, and how well they tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from relevance_examples import Example

CORPORA = ("squad", "scifact", "mtrag", "written")
# How much the examples of a kind count together, however many they are.
KINDS = {
    "squad answerable": 3.0,
    "squad removed": 1.0,
    "squad other": 0.5,
    "squad strangers": 0.5,
    "scifact answerable": 2.0,
    "scifact removed": 0.7,
    # Read, which the product does not do: half as much, and no say in the border.
    "claims answerable": 1.0,
    "claims removed": 0.35,
    "mtrag answerable": 2.0,
    "mtrag removed": 0.7,
    "mtrag unanswerable": 0.3,
    "written answerable": 3.0,
    "written unanswerable": 2.0,
}
EASY = ("squad other", "squad strangers")


@dataclass(frozen=True)
class Table:
    """Examples as arrays; all have one row for each example."""

    features: NDArray[np.float64]
    kinds: NDArray[np.str_]
    labels: NDArray[np.bool_]
    test: NDArray[np.bool_]

    @classmethod
    def of(cls, examples: Sequence[Example], names: Sequence[str]) -> Table:
        """Looks at the features with these names."""
        kinds = np.array([example.kind for example in examples])
        return cls(
            np.array([[example.features[name] for name in names] for example in examples]),
            kinds,
            np.char.endswith(kinds, " answerable"),
            np.array([example.is_test for example in examples]),
        )


def fitted(
    examples: Sequence[Example], features: Mapping[str, Sequence[str]], silent: float
) -> dict[str, object]:
    """A regression for each embedding model."""
    return {spec: fit_logistic(examples, names, silent) for spec, names in features.items()}


def fit_logistic(
    examples: Sequence[Example], names: Sequence[str], silent: float
) -> dict[str, object]:
    """A logistic regression on the training examples, and how it does on the others."""
    table = Table.of(examples, names)
    train = ~table.test
    slopes = fit_slopes(table, train)
    scores = table.features @ slopes
    answerable = [train & (table.kinds == f"{one} answerable") for one in CORPORA]
    intercept = -border([scores[some] for some in answerable if some.any()], silent)
    probability = 1 / (1 + np.exp(-(intercept + scores)))
    return {
        "intercept": round(intercept, 4),
        "weights": dict(zip(names, np.round(slopes, 4).tolist(), strict=True)),
        "test": measure(probability[table.test], table.kinds[table.test], table.labels[table.test]),
    }


def border(answerable: Sequence[NDArray[np.float64]], silent: float) -> float:
    """The score below which, on average over the corpora, a share ``silent`` of them lies."""
    candidates = np.sort(np.concatenate(answerable))
    below = np.mean([np.searchsorted(np.sort(one), candidates) / len(one) for one in answerable], 0)
    return float(candidates[np.searchsorted(below, silent, side="right") - 1])


def across(
    examples: Sequence[Example], sets: Mapping[str, tuple[str, ...]]
) -> dict[str, dict[str, float]]:
    """AUROC on the training part of each corpus when fitted on the others', by feature set.

    Questions about other subjects are left out of the count: they are easily told.
    """
    from sklearn.metrics import roc_auc_score

    result: dict[str, dict[str, float]] = {}
    for label, names in sets.items():
        table = Table.of(examples, names)
        for corpus in CORPORA:
            own = np.char.startswith(table.kinds, corpus)
            if not own.any():
                continue
            scores = table.features @ fit_slopes(table, ~table.test & ~own)
            counted = own & ~table.test & ~np.isin(table.kinds, EASY)
            auroc = roc_auc_score(table.labels[counted], scores[counted])
            result.setdefault(label, {})[corpus] = round(float(auroc), 3)
    return result


def fit_slopes(table: Table, train: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Slopes fitted on some examples; none is negative: more overlap or a larger gap never speaks
    against an answer.
    """
    kinds = table.kinds[train]
    counts = Counter(kinds.tolist())
    weights = np.array([1000 * KINDS[kind] / counts[kind] for kind in kinds])
    features = table.features[train]
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    return _slopes((features - mean) / spread, table.labels[train], weights) / spread


def _slopes(
    features: NDArray[np.float64], labels: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Minimises the weighted log-loss with a little ridge, slopes not below zero."""
    from scipy.optimize import minimize

    def loss(b: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = b[0] + features @ b[1:]
        value = weights @ (np.logaddexp(0, logits) - labels * logits) + b[1:] @ b[1:]
        slope = weights * (1 / (1 + np.exp(-logits)) - labels)
        return float(value), np.concatenate([[slope.sum()], features.T @ slope + 2 * b[1:]])

    bounds = [(None, None)] + [(0, None)] * features.shape[1]
    start = np.zeros(features.shape[1] + 1)
    return minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x[1:]


def measure(
    probability: NDArray[np.float64], kinds: NDArray[np.str_], labels: NDArray[np.bool_]
) -> dict[str, float]:
    """Share of each kind that is abstained on at 0.5; AUROC and F1 of abstaining by corpus."""
    from sklearn.metrics import f1_score, roc_auc_score

    below = probability < 0.5
    result = {
        f"{kind}: abstained": round(float(below[kinds == kind].mean()), 3)
        for kind in KINDS
        if (kinds == kind).any()
    }
    for corpus in CORPORA:
        chosen = np.char.startswith(kinds, corpus)
        if not chosen.any():
            continue
        result[f"{corpus}: AUROC"] = round(
            float(roc_auc_score(labels[chosen], probability[chosen])), 3
        )
        result[f"{corpus}: F1 of abstaining"] = round(
            float(f1_score(~labels[chosen], below[chosen])), 3
        )
    return result
