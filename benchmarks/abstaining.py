"""When the documents do not say: how well abstaining tells questions with an answer from others.

    RAG_CACHE=FOLDER .venv/bin/python benchmarks/abstaining.py --home FOLDER

The defaults are asked questions that a collection answers, and as many that it does not:

- ``cranfield``: its own questions; as strangers, SQuAD's. Nothing was fitted on it, but the
  weight of claims in the fit (relevance_fit.py) was settled with its figures in view.
- ``samples``: ``sample_docs/`` with the answerable ones of ``questions.jsonl``; as strangers,
  Cranfield's. Nothing was fitted on it either.
- ``squad``: articles that the fit kept for its test and the reader has not learnt from; as
  strangers, SciFact's claims.
- ``squad 2.0``: the same articles with the unanswerable questions that people wrote to mislead: the
  subject, the words and the kind of answer are all there.
- ``written``: collections of written.py that the fit kept for its test and the reader has not
  learnt from, with their own questions that have no answer: most come close to what is told.

An answerable question counts if a right document is among the five passages, for that is what the
decision is about. The positive class is "no answer": precision is the share of silences that are
right, recall the share of unanswerable questions met with silence. The curve has the share of
questions that are answered, surest first (coverage), and the share of these that have no answer
(risk). Calibration: of the questions whose estimated probability lies in a range, the mean of it
and the share that has an answer; the expected error (Guo et al., ICML 2017) is the mean distance of
the two, the Brier score the mean square of the distance for each question.

FOLDER may be that of fit_relevance.py. Ten minutes, or two with its vectors.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from corpora import (
    Opened,
    Question,
    cranfield,
    opened,
    scifact,
    squad,
    squad_misleading,
    squad_reported,
)
from measure import ROOT, save
from numpy.typing import NDArray
from relevance_examples import GROUPS, TEST_EVERY, UNSEEN_GROUPS, read
from written import UNSEEN, questions, written

from ingest import ingest_paths
from rag_app.answering.rank import find
from rag_app.answering.relevance import FITTED_HITS, answer_probability
from rag_app.settings import load_settings

MOST, SEED = 300, 11
COVERAGES = tuple(n / 20 for n in range(1, 21))
RANGES = 5
"""Of probabilities, all of one width."""
Sets = tuple[Opened, Sequence[Question], Sequence[Question]]
"""A collection, questions that it answers, and questions that it does not."""


def probabilities(collection: Opened, asked: Iterable[Question], *, known: bool) -> list[float]:
    """The estimated probability of an answer, of each question that counts."""
    spec = collection.searcher.embeddings.identity.spec
    found = []
    for question in asked:
        evidence = find(collection.searcher, question.text, FITTED_HITS).first
        if not known or any(hit.document.name in question.documents for hit in evidence.hits):
            found.append(answer_probability(evidence, spec, read(evidence)))
    return found


def measure(with_answer: Sequence[float], without: Sequence[float]) -> dict[str, object]:
    """Figures of the decision at the threshold in force, and over all thresholds."""
    from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

    threshold = load_settings(environ={}).abstain_below
    scores = np.array([*with_answer, *without])
    unanswerable = np.repeat([False, True], [len(with_answer), len(without)])
    precision, recall, f1, _ = precision_recall_fscore_support(
        unanswerable, scores < threshold, average="binary", zero_division=0
    )
    surest = unanswerable[np.argsort(-scores, kind="stable")]
    risk = np.cumsum(surest) / np.arange(1, len(surest) + 1)
    return {
        "answerable": len(with_answer),
        "unanswerable": len(without),
        "precision": round(float(precision), 3),
        "recall": round(float(recall), 3),
        "f1": round(float(f1), 3),
        "answerable met with silence": round(float(np.mean(np.array(with_answer) < threshold)), 3),
        "auroc": round(float(roc_auc_score(unanswerable, -scores)), 3),
        "risk at coverage": {
            str(share): round(float(risk[round(share * len(risk)) - 1]), 3) for share in COVERAGES
        },
        "area under the risk-coverage curve": round(float(risk.mean()), 3),
        "calibration": calibration(scores, ~unanswerable),
    }


def calibration(scores: NDArray[np.float64], answerable: NDArray[np.bool_]) -> dict[str, object]:
    """How far the estimated probabilities are the shares that have an answer."""
    place = np.minimum((scores * RANGES).astype(int), RANGES - 1)
    ranges: dict[str, dict[str, float]] = {}
    error = 0.0
    for number in np.unique(place):
        inside = place == number
        said, true = float(scores[inside].mean()), float(answerable[inside].mean())
        error += float(inside.mean()) * abs(said - true)
        ranges[f"{number / RANGES:.1f} to {(number + 1) / RANGES:.1f}"] = {
            "questions": int(inside.sum()),
            "estimated": round(said, 3),
            "answerable": round(true, 3),
        }
    return {
        "expected error": round(error, 3),
        "brier": round(float(np.mean((scores - answerable) ** 2)), 3),
        "ranges": ranges,
    }


def samples(home: Path) -> tuple[Opened, list[Question]]:
    """The sample documents, ingested as they are, with the questions that they answer."""
    settings = load_settings({"home": home / "rag", "collection": "samples"}, environ={})
    ingest_paths([ROOT / "sample_docs"], settings)
    lines = (ROOT / "sample_docs" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["document"]]
    asked = [Question(row["question"], (), frozenset([row["document"]]), "") for row in rows]
    return Opened.of(settings), asked


def about_written(home: Path, name: str) -> Sets:
    """A written collection."""
    asked = [
        Question(one.question, (), frozenset(filter(None, [one.document])), "")
        for one in questions(name)
    ]
    own = [question for question in asked if question.documents]
    return written(home, name), own, [question for question in asked if not question.documents]


def sets(home: Path) -> dict[str, list[Sets]]:
    """What is asked of what."""
    shuffled = random.Random(SEED)
    paragraphs = squad()
    reported = squad_reported(paragraphs)
    designs, claims = cranfield(), scifact().questions
    kept = [n for n in UNSEEN_GROUPS if n % TEST_EVERY == 0]
    articles = [one for n in kept for one in paragraphs.in_group(n, GROUPS)]
    parts = {one.part for one in articles}
    # Not those that fit_relevance.py may have asked: it leaves out what benchmarks/answers.py asks.
    own = [question for question in reported if question.part in parts]
    misleading = [one for one, _ in squad_misleading(paragraphs) if one.part in parts]
    collection = opened(home, "squad-test", articles)
    samples_, about_samples = samples(home)
    return {
        "cranfield": [
            (
                opened(home, "cranfield", designs.documents),
                designs.questions,
                shuffled.sample(reported, len(designs.questions)),
            )
        ],
        "samples": [
            (
                samples_,
                about_samples,
                shuffled.sample(list(designs.questions), len(about_samples)),
            )
        ],
        "squad": [(collection, own, shuffled.sample(list(claims), min(len(own), len(claims))))],
        "squad 2.0": [(collection, own, shuffled.sample(misleading, len(own)))],
        "written": [about_written(home, name) for name in UNSEEN[::TEST_EVERY]],
    }


def main() -> None:
    """Asks every set."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--home", type=Path, required=True, help="where the collections are kept")
    figures: dict[str, object] = {}
    for name, some in sets(parser.parse_args().home).items():
        with_answer: list[float] = []
        without: list[float] = []
        for collection, own, others in some:
            with_answer += probabilities(collection, own[:MOST], known=True)
            without += probabilities(collection, others[:MOST], known=False)
        figures[name] = measure(with_answer, without)
        print(name, figures[name], flush=True)
    save("abstaining", "python benchmarks/abstaining.py --home FOLDER", figures)


if __name__ == "__main__":
    main()
