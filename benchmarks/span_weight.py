"""How much the reader's word should count in the choice of sentences (``reread.SPAN_WEIGHT``).

    .venv/bin/python benchmarks/span_weight.py --home FOLDER

Share of answers of two sentences that contain a gold answer, nothing withheld: 300 SQuAD questions
that benchmarks/answers.py does not report on, about articles that the reader has not learnt from,
and development_questions.jsonl on sample_docs/. FOLDER may be that of fit_reader.py.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

from corpora import opened, squad, squad_reported
from measure import ROOT, save
from relevance_examples import GROUPS, UNSEEN_GROUPS

from ingest import ingest_paths
from rag_app.answering import reread
from rag_app.answering.extractive import quote_best
from rag_app.answering.rank import find
from rag_app.answering.reader import load_reader
from rag_app.embeddings import embeddings_for
from rag_app.retrieval.search import Searcher
from rag_app.settings import load_settings
from rag_app.store import Store

WEIGHTS = (0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6)
MOST, K, SENTENCES = 300, 5, 2
Asked = tuple[str, Callable[[str], bool]]
"""A question, and whether an answer holds what is expected."""


def measure(searcher: Searcher, questions: Sequence[Asked]) -> dict[str, float]:
    """The share for each weight."""
    reader = load_reader(load_settings())
    assert reader is not None
    right = dict.fromkeys(WEIGHTS, 0)
    for text, holds in questions:
        evidence = find(searcher, text, K).chosen
        readings = reread.readings_of(evidence.question.text, evidence.hits, reader)
        for weight in WEIGHTS:
            with patch.object(reread, "SPAN_WEIGHT", weight):
                read = reread.reread(evidence, readings)
            right[weight] += holds(quote_best(read, SENTENCES)[0])
    return {str(weight): round(count / len(questions), 3) for weight, count in right.items()}


def unseen(home: Path) -> tuple[Searcher, list[Asked]]:
    """SQuAD's paragraphs, and questions about those that the reader has not seen."""
    whole = squad()
    reported = {question.text for question in squad_reported(whole)}
    asked = [
        question
        for question in whole.questions
        if question.text not in reported and whole.group_of(question.part, GROUPS) in UNSEEN_GROUPS
    ]
    chosen = random.Random(13).sample(asked, MOST)
    questions = [(question.text, question.answered_by) for question in chosen]
    return opened(home, "squad", whole.documents).searcher, questions


def development(home: Path) -> tuple[Searcher, list[Asked]]:
    """The sample documents, with the questions that may be looked at."""
    settings = load_settings({"home": home / "rag", "collection": "samples"}, environ={})
    ingest_paths([ROOT / "sample_docs"], settings)
    path = ROOT / "benchmarks" / "development_questions.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def holding(expected: str) -> Callable[[str], bool]:
        return lambda text: " ".join(expected.split()).lower() in " ".join(text.split()).lower()

    questions = [(row["question"], holding(row["answer"])) for row in rows if row["answer"]]
    collection = Store(settings).get(settings.collection)
    return Searcher(collection, embeddings_for(settings, collection.info.embedding)), questions


def main() -> None:
    """Measures both."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--home", type=Path, required=True, help="where the collections are kept")
    home = parser.parse_args().home
    figures: dict[str, object] = {}
    for name, made in (("development", development), ("squad", unseen)):
        figures[name] = measure(*made(home))
        print(name, figures[name], flush=True)
    save("span_weight", "python benchmarks/span_weight.py --home FOLDER", figures)


if __name__ == "__main__":
    main()
