"""Fits the weights of rag_app/answering/relevance.json: sentence scores, and when to abstain.

    .venv/bin/python benchmarks/fit_relevance.py [--data ../shared/data] [--write]

The examples have the form that the product sees: SQuAD's paragraphs as text files, ingested and
chunked by the product, five passages for each question. Answerable: SQuAD's own questions where
the right paragraph was found. Not answerable:

- removed: the same kind of question, the paragraph that answers it left out of the search (the
  article's other paragraphs stay): the right subject, and no answer
- other: questions about articles that are not in the collection
- scifact, cranfield: another subject altogether

The collection of all articles and collections of a few articles each are used, as the idf of a
word depends on the size. Two of the eight groups of articles are kept for the test. Questions
that benchmarks/answers.py reports on are never used here.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from squad import Question, Squad, load_squad, reported_sample

from rag_app.answering.evidence import SENTENCE_FEATURES, Evidence, gather
from rag_app.answering.relevance import relevance_features
from rag_app.retrieval.search import Searcher

OUTPUT = Path(__file__).parents[1] / "rag_app" / "answering" / "relevance.json"
GROUPS = 16
TEST_GROUPS = frozenset({12, 13, 14, 15})
TOP_K = 5

# How much each kind of example counts. Only their proportions matter: they place the probability
# of one half where about 5 % of the answerable questions fall below it.
KIND_WEIGHTS = {"answerable": 4.0, "removed": 1.0, "other": 0.3, "scifact": 1.0, "cranfield": 1.0}

# Features that a model with other cosines can share; and whether more of one may speak for (+1)
# or against (-1) an answer. Without bounds the fit explains SQuAD by accident:
# more unknown words would make an answer likelier.
WORD_FEATURES = {
    "overlap": 1,
    "overlap_near": 1,
    "overlap_passage": 1,
    "bigrams": 1,
    "kind_held": 1,
    "kind_asked": -1,
    "names_missing": -1,
    "names_missing_any": -1,
}
ALL_FEATURES = WORD_FEATURES | {"sentence_cosine": 1, "score_gap": 1, "fused_gap": 1}


@dataclass(frozen=True)
class Example:
    """A question with what was found for it."""

    kind: str
    group: int
    features: dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--questions", type=int, default=6000)
    parser.add_argument("--home", type=Path, help="keep the collections here for a second run")
    parser.add_argument("--write", action="store_true", help=f"write {OUTPUT.name}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        squad = load_squad(options.data)
        searchers = collections(squad, options.home or Path(folder))
        reported = {question.id for question in reported_sample(squad)}
        rest = [question for question in squad.questions if question.id not in reported]
        random.Random(7).shuffle(rest)
        sentence = fit_sentences(rest[: options.questions // 2], searchers[GROUPS])
        examples = list(relevance_examples(squad, rest[: options.questions], searchers))
        examples += strangers(options.data, searchers)
    print(dict(Counter(example.kind for example in examples)))
    models = {"minilm": fit_logistic(examples, ALL_FEATURES)}
    models["*"] = fit_logistic(examples, WORD_FEATURES)
    result = {
        "provenance": {
            "fitted_by": "benchmarks/fit_relevance.py",
            "date": datetime.now(UTC).date().isoformat(),
            "data": "SQuAD v1.1 dev (CC BY-SA 4.0); questions of SciFact and Cranfield",
            "examples": dict(Counter(example.kind for example in examples)),
        },
        "sentence": {"weights": sentence},
        "relevance": models,
    }
    if options.write:
        OUTPUT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def collections(squad: Squad, home: Path) -> list[Searcher]:
    """A searcher for each group of articles, and one for all of them at the end."""
    groups = [squad.in_group(group, GROUPS) for group in range(GROUPS)]
    return [
        squad.searcher(home, f"group-{number}", documents)
        for number, documents in enumerate(groups)
    ] + [squad.searcher(home, "all", squad.documents)]


def relevance_examples(
    squad: Squad, questions: Sequence[Question], searchers: Sequence[Searcher]
) -> Iterator[Example]:
    """Examples of SQuAD's own questions, a third each answerable, removed and other."""
    for number, question in enumerate(questions):
        own = squad.group_of(question, GROUPS)
        home = own if number % 4 else GROUPS
        kind = ("answerable", "removed", "other")[number % 3]
        if kind == "other":
            home = (own + 1 + number % (GROUPS - 1)) % GROUPS
        searcher = searchers[home]
        only = None
        if kind == "removed":
            only = squad.ids_without(question, searcher)
        evidence = gathered(searcher, question.text, only)
        found = any(question.answered_by(hit.chunk.text) for hit in evidence.hits)
        if found == (kind == "answerable") or kind == "other":
            yield Example(kind, own, relevance_features(evidence))


def strangers(data: Path, searchers: Sequence[Searcher]) -> list[Example]:
    """Questions of other corpora."""
    examples = []
    for kind in ("scifact", "cranfield"):
        lines = (data / "beir" / kind / "queries.jsonl").read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines[:300]):
            group = number % GROUPS
            evidence = gathered(searchers[group], json.loads(line)["text"])
            examples.append(Example(kind, group, relevance_features(evidence)))
    return examples


def gathered(searcher: Searcher, question: str, only: frozenset[str] | None = None) -> Evidence:
    found = searcher.search(question, TOP_K, only)
    return gather(found, searcher.collection, searcher.embeddings)


def fit_sentences(questions: Sequence[Question], searcher: Searcher) -> dict[str, float]:
    """Weights under which a sentence with a gold answer gets most of the softmax over all."""
    from scipy.optimize import minimize
    from scipy.special import log_softmax, logsumexp

    sets = []
    for question in questions:
        candidates = gathered(searcher, question.text).candidates
        right = np.array([question.answered_by(c.sentence.text) for c in candidates])
        if right.any():
            sets.append((np.array([c.features for c in candidates]), right))

    def loss(weights: NDArray[np.float64]) -> float:
        gains = [logsumexp(log_softmax(features @ weights)[right]) for features, right in sets]
        return float(-np.mean(gains) + 1e-4 * weights @ weights)

    fitted = minimize(loss, np.ones(len(SENTENCE_FEATURES)), method="L-BFGS-B")
    weights = dict(zip(SENTENCE_FEATURES, np.round(fitted.x, 3).tolist(), strict=True))
    print(f"sentence weights from {len(sets)} questions: {weights}")
    return weights


def fit_logistic(examples: Sequence[Example], signs: Mapping[str, int]) -> dict[str, object]:
    """A logistic regression with bounded signs, and how it does on the groups kept for the test."""
    names = list(signs)
    features = np.array([[example.features[name] for name in names] for example in examples])
    kinds = np.array([example.kind for example in examples])
    test = np.array([example.group in TEST_GROUPS for example in examples])
    mean, spread = features[~test].mean(axis=0), features[~test].std(axis=0) + 1e-9
    weights = np.array([KIND_WEIGHTS[kind] for kind in kinds])
    offset, slopes = _minimise(
        (features[~test] - mean) / spread,
        (kinds[~test] == "answerable").astype(float),
        weights[~test],
        [(0, None) if sign > 0 else (None, 0) for sign in signs.values()],
    )
    slopes = slopes / spread
    intercept = float(offset - slopes @ mean)
    probability = 1 / (1 + np.exp(-(intercept + features @ slopes)))
    measured = measure(probability[test], kinds[test])
    print(f"{len(names)} features, test groups: {json.dumps(measured)}")
    return {
        "intercept": round(intercept, 4),
        "weights": dict(zip(names, np.round(slopes, 4).tolist(), strict=True)),
        "test": measured,
    }


def _minimise(
    features: NDArray[np.float64],
    labels: NDArray[np.float64],
    weights: NDArray[np.float64],
    bounds: list[tuple[int | None, int | None]],
) -> tuple[float, NDArray[np.float64]]:
    """Weighted log-loss with a little ridge; intercept and slopes."""
    from scipy.optimize import minimize

    def loss(b: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = b[0] + features @ b[1:]
        value = weights @ (np.logaddexp(0, logits) - labels * logits) + b[1:] @ b[1:] / 2
        slope = weights * (1 / (1 + np.exp(-logits)) - labels)
        return float(value), np.concatenate([[slope.sum()], features.T @ slope + b[1:]])

    start = np.zeros(features.shape[1] + 1)
    fitted = minimize(loss, start, jac=True, bounds=[(None, None), *bounds], method="L-BFGS-B")
    return float(fitted.x[0]), fitted.x[1:]


def measure(probability: NDArray[np.float64], kinds: NDArray[np.str_]) -> dict[str, float]:
    """Share of each kind that is abstained on at 0.5, AUROC and F1 of abstaining."""
    from sklearn.metrics import f1_score, roc_auc_score

    answerable = kinds == "answerable"
    result = {
        f"abstained_{kind}": round(float((probability[kinds == kind] < 0.5).mean()), 3)
        for kind in KIND_WEIGHTS
        if (kinds == kind).any()
    }
    for kind in ("removed", "scifact", "cranfield"):
        chosen = answerable | (kinds == kind)
        if (kinds == kind).any():
            result[f"auroc_{kind}"] = round(
                float(roc_auc_score(answerable[chosen], probability[chosen])), 3
            )
            result[f"f1_{kind}"] = round(
                float(f1_score(~answerable[chosen], probability[chosen] < 0.5)), 3
            )
    return result


if __name__ == "__main__":
    main()
