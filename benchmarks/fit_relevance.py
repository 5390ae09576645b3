"""Fits the weights of rag_app/answering/relevance.json: sentence scores, and when to abstain.

    .venv/bin/python benchmarks/fit_relevance.py --home FOLDER [--write]

The examples have the form that the product sees: files ingested and chunked by the product, five
passages for each question. Three corpora, as questions differ: SQuAD's repeat the words of the
passage, SciFact's claims less so, mt-rag's were asked by people who had not read it.

- answerable: a passage that answers was found
- removed: the same questions, what answers them left out of the search: the right subject
- unanswerable: mt-rag's own
- other, strangers: questions about articles, or of a subject, that the collection does not have

Every third group of examples is kept for the test. Questions that benchmarks/answers.py reports
on are never used here. Those of sample_docs/ are not fitted on either, but the choice of features
and of FALSE_ABSTENTIONS was made with the scores on them in view, so figures on them are not held
out; the file says so.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from corpora import Corpus, Opened, Question, mtrag, opened, scifact, squad, squad_reported
from numpy.typing import NDArray

from rag_app.answering.evidence import SENTENCE_FEATURES, Evidence, gather
from rag_app.answering.relevance import FITTED_HITS, relevance_features

OUTPUT = Path(__file__).parents[1] / "rag_app" / "answering" / "relevance.json"
GROUPS = 16
TEST_EVERY = 3
FALSE_ABSTENTIONS = 0.04
"""Share of a corpus's answerable questions that may fall below one half. The intercept is set so
that no corpus loses more: a withheld answer costs the reader more than a passage that is beside
the point and can be seen to be so."""

CAUTION = (
    "the features and the share of false abstentions were chosen with the scores on "
    "sample_docs/questions.jsonl in view: figures on those questions are not held out"
)

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
}
# Few features: those that hold from corpus to corpus. With ten, SQuAD was told a little better
# and SciFact worse. A model with other cosines gets the words alone.
FEATURES = {
    "minilm": ("sentence_cosine", "overlap_passage", "score_gap", "fused_gap"),
    "*": ("overlap", "overlap_near", "overlap_passage", "bigrams"),
}


@dataclass(frozen=True)
class Example:
    """A question with what was found for it."""

    kind: str
    group: int
    features: dict[str, float]

    @property
    def is_test(self) -> bool:
        return self.group % TEST_EVERY == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--home", type=Path, required=True, help="where the collections are kept")
    parser.add_argument("--questions", type=int, default=1800, help="of SQuAD")
    parser.add_argument("--write", action="store_true", help=f"write {OUTPUT.name}")
    options = parser.parse_args()
    corpus = squad()
    reported = set(squad_reported(corpus))
    rest = [question for question in corpus.questions if question not in reported]
    random.Random(7).shuffle(rest)
    groups = [opened(options.home, f"squad-{n}", corpus.in_group(n, GROUPS)) for n in range(GROUPS)]
    whole = opened(options.home, "squad", corpus.documents)
    sentence = fit_sentences(rest[-options.questions :], whole)
    claims = scifact()
    examples = list(squad_examples(corpus, rest[: options.questions], [*groups, whole]))
    for number, question in enumerate(claims.questions):
        evidence = gathered(groups[number % GROUPS], question.text)
        examples.append(Example("squad strangers", number, relevance_features(evidence)))
    for name, other in (("scifact", claims), ("mtrag", mtrag())):
        examples += corpus_examples(name, other, opened(options.home, name, other.documents))
    counts = dict(Counter(example.kind for example in examples))
    result = {
        "provenance": {
            "fitted_by": "benchmarks/fit_relevance.py",
            "date": datetime.now(UTC).date().isoformat(),
            "data": "SQuAD v1.1 dev (CC BY-SA 4.0), SciFact (CC BY 4.0), mt-rag (Apache-2.0)",
            "examples": counts,
            "caution": CAUTION,
        },
        "sentence": {"weights": sentence},
        "relevance": {spec: fit_logistic(examples, names) for spec, names in FEATURES.items()},
    }
    print(json.dumps(result, indent=2))
    if options.write:
        OUTPUT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def squad_examples(
    corpus: Corpus, questions: Sequence[Question], collections: Sequence[Opened]
) -> Iterator[Example]:
    """SQuAD's own questions, a third each answerable, removed and other."""
    for number, question in enumerate(questions):
        own = corpus.group_of(question.part, GROUPS)
        kind = ("answerable", "removed", "other")[number % 3]
        place = (own + 1 + number % (GROUPS - 1)) % GROUPS if kind == "other" else own
        # A quarter in the collection of everything: the idf of a word depends on the size.
        collection = collections[place if number % 4 or kind == "other" else GROUPS]
        only = collection.without(question.documents) if kind == "removed" else None
        evidence = gathered(collection, question.text, only)
        found = any(question.answered_by(hit.chunk.text) for hit in evidence.hits)
        if evidence.candidates and (kind == "other" or found == (kind == "answerable")):
            yield Example(f"squad {kind}", own, relevance_features(evidence))


def corpus_examples(name: str, corpus: Corpus, collection: Opened) -> Iterator[Example]:
    """Each question with its documents, and without them."""
    for number, question in enumerate(corpus.questions):
        evidence = gathered(collection, question.text)
        if not question.documents:
            yield Example(f"{name} unanswerable", number, relevance_features(evidence))
            continue
        if any(hit.document.name in question.documents for hit in evidence.hits):
            yield Example(f"{name} answerable", number, relevance_features(evidence))
        without = gathered(collection, question.text, collection.without(question.documents))
        yield Example(f"{name} removed", number, relevance_features(without))


def gathered(collection: Opened, question: str, only: frozenset[str] | None = None) -> Evidence:
    searcher = collection.searcher
    found = searcher.search(question, FITTED_HITS, only)
    return gather(found, searcher.collection, searcher.embeddings)


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


def fit_logistic(examples: Sequence[Example], names: Sequence[str]) -> dict[str, object]:
    """A logistic regression on the training examples, and how it does on the others.

    No weight is negative: more overlap or a larger gap never speaks against an answer.
    """
    features = np.array([[example.features[name] for name in names] for example in examples])
    kinds = np.array([example.kind for example in examples])
    test = np.array([example.is_test for example in examples])
    counts = Counter(kinds[~test].tolist())
    weights = np.array([1000 * KINDS[kind] / max(1, counts[kind]) for kind in kinds])
    labels = np.char.endswith(kinds, " answerable")
    mean, spread = features[~test].mean(axis=0), features[~test].std(axis=0) + 1e-9
    slopes = _slopes((features[~test] - mean) / spread, labels[~test], weights[~test]) / spread
    scores = features @ slopes
    intercept = -min(
        float(np.quantile(scores[~test & (kinds == kind)], FALSE_ABSTENTIONS))
        for kind in KINDS
        if kind.endswith(" answerable")
    )
    probability = 1 / (1 + np.exp(-(intercept + scores)))
    return {
        "intercept": round(intercept, 4),
        "weights": dict(zip(names, np.round(slopes, 4).tolist(), strict=True)),
        "test": measure(probability[test], kinds[test], labels[test]),
    }


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
    for corpus in ("squad", "scifact", "mtrag"):
        chosen = np.char.startswith(kinds, corpus)
        result[f"{corpus}: AUROC"] = round(
            float(roc_auc_score(labels[chosen], probability[chosen])), 3
        )
        result[f"{corpus}: F1 of abstaining"] = round(
            float(f1_score(~labels[chosen], below[chosen])), 3
        )
    return result


if __name__ == "__main__":
    main()
