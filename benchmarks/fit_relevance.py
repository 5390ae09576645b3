"""Fits the weights of rag_app/answering/relevance.json: sentence scores, and when to abstain.

    .venv/bin/python benchmarks/fit_relevance.py --home FOLDER [--write]

The examples are those of relevance_examples.py; every third group of them is kept for the test.
What was chosen, and on what:

- The features: leaving one corpus out at a time (``across`` in the output), these four order
  answerable and unanswerable questions of the corpus left out as well as all seven do. Written
  questions that come close are ordered by the reader alone; in company with the four it must have
  been fitted on such questions, as it is here.
- FALSE_ABSTENTIONS: by what is asked of the product: it is to be silent on at most 2 of 40
  questions that the documents answer, and on the safe side of that. With the reader, on
  the English ones of development_questions.jsonl, which are easier than these corpora: 1 of 74 at
  0.07, where 15 of 18 questions without an answer are met with silence; at 0.04, none and 13.

``--reuse`` takes the examples of the last run in FOLDER: collecting them takes ten minutes.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import numpy as np
from corpora import Opened, Question
from numpy.typing import NDArray
from relevance_examples import Example, Squad, collect, gathered

from rag_app.answering import evidence
from rag_app.answering.evidence import SENTENCE_FEATURES
from rag_app.answering.weights import Weights

OUTPUT = Path(__file__).parents[1] / "rag_app" / "answering" / "relevance.json"
EXAMPLES = "examples.json"
CORPORA = ("squad", "scifact", "mtrag", "written")
FALSE_ABSTENTIONS = {"relevance": 0.04, "read": 0.07}
"""Share of answerable questions that may fall below one half, on average over the corpora: a
withheld answer costs the reader more than a passage that is beside the point and can be seen to be
so."""

# How much the examples of a kind count together, however many they are.
KINDS = {
    "squad answerable": 3.0,
    "squad removed": 1.0,
    "squad other": 0.5,
    "squad strangers": 0.5,
    "scifact answerable": 2.0,
    "scifact removed": 0.7,
    "mtrag answerable": 2.0,
    "mtrag removed": 0.7,
    "mtrag unanswerable": 0.3,
    "written answerable": 3.0,
    "written unanswerable": 2.0,
}
EASY = ("squad other", "squad strangers")
READ = ("answer_read", "span_read")
# A model with other cosines than the default one's gets the words alone.
FEATURES = {
    "minilm": ("sentence_cosine", "overlap_passage", "score_gap", "fused_gap"),
    "*": ("overlap", "overlap_near", "overlap_passage", "bigrams"),
}


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--home", type=Path, required=True, help="where the collections are kept")
    parser.add_argument("--questions", type=int, default=1500, help="of SQuAD")
    parser.add_argument("--reuse", action="store_true", help="the examples of the last run")
    parser.add_argument("--write", action="store_true", help=f"write {OUTPUT.name}")
    options = parser.parse_args()
    sentence, examples = taken_up(options.home) if options.reuse else made(options)
    # Words and vectors alone tell written questions that come close by little more than chance.
    unread = [example for example in examples if not example.kind.startswith("written")]
    read = [example for example in examples if READ[0] in example.features]
    chosen, words = FEATURES["minilm"], tuple(set(examples[0].features) - set(READ))
    result = {
        "provenance": {
            "fitted_by": "benchmarks/fit_relevance.py",
            "date": datetime.now(UTC).date().isoformat(),
            "data": "SQuAD v1.1 dev (CC BY-SA 4.0), SciFact (CC BY 4.0), mt-rag (Apache-2.0), "
            "collections written for it (benchmarks/written)",
            "examples": dict(Counter(example.kind for example in examples)),
            "across": across(unread, {"chosen": chosen, "all": words})
            | across(
                read,
                {"read: chosen": chosen, "read: alone": READ, "read: chosen and it": chosen + READ},
            ),
        },
        "sentence": {"weights": sentence},
        "relevance": fitted(unread, FEATURES, FALSE_ABSTENTIONS["relevance"]),
        "read": fitted(
            read,
            {spec: names + READ for spec, names in FEATURES.items()},
            FALSE_ABSTENTIONS["read"],
        ),
    }
    print(json.dumps(result, indent=2))
    if options.write:
        OUTPUT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def made(options: argparse.Namespace) -> tuple[dict[str, float], list[Example]]:
    """Fits the sentence weights and collects the examples with them; keeps both."""
    own = Squad(options.home)
    sentence = fit_sentences(own.questions[-options.questions :], own.whole)
    # Which sentence is the best one, and by how much, the relevance features take from these.
    weights = Weights(tuple(sentence.values()), {}, {})
    with patch.object(evidence, "load_weights", lambda: weights):
        examples = collect(options.home, own, options.questions)
    kept = {"sentence": sentence, "examples": [asdict(example) for example in examples]}
    (options.home / EXAMPLES).write_text(json.dumps(kept), encoding="utf-8")
    return sentence, examples


def taken_up(home: Path) -> tuple[dict[str, float], list[Example]]:
    """What ``made`` has kept."""
    kept = json.loads((home / EXAMPLES).read_text(encoding="utf-8"))
    return kept["sentence"], [Example(**example) for example in kept["examples"]]


def fit_sentences(questions: Sequence[Question], collection: Opened) -> dict[str, float]:
    """Weights under which a sentence with a gold answer gets most of the softmax over all."""
    from scipy.optimize import minimize
    from scipy.special import log_softmax, logsumexp

    sets = []
    for question in questions:
        candidates = gathered(collection, question.text).candidates
        right = np.array([question.answered_by(c.sentence.text) for c in candidates])
        if right.any():
            sets.append((np.array([c.features for c in candidates]), right))

    def loss(weights: NDArray[np.float64]) -> float:
        gains = [logsumexp(log_softmax(features @ weights)[right]) for features, right in sets]
        return float(-np.mean(gains) + 1e-4 * weights @ weights)

    fitted = minimize(loss, np.ones(len(SENTENCE_FEATURES)), method="L-BFGS-B")
    return dict(zip(SENTENCE_FEATURES, np.round(fitted.x, 3).tolist(), strict=True))


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


if __name__ == "__main__":
    main()
