"""How much a passage's best sentence should count in its rank (``rank.SENTENCE_WEIGHT``).

    .venv/bin/python benchmarks/sentence_weight.py --home FOLDER

Mean reciprocal rank, and hits among the first five, of passages that answer: SQuAD questions that
benchmarks/answers.py does not report on, SciFact claims, mt-rag questions; 200 of each at most, 20
passages searched. FOLDER may be that of fit_relevance.py.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from unittest.mock import patch

from corpora import Corpus, Question, mtrag, opened, scifact, squad, squad_reported
from measure import ROOT, save

from rag_app.answering import rank
from rag_app.answering.evidence import Evidence, gather
from rag_app.types import Hit

WEIGHTS = (0.0, 0.02, 0.05, 0.1, 1000.0)
"""The last one ranks by sentences alone."""
MOST = 200
POOL = 20


def by_text(question: Question, hit: Hit) -> bool:
    """Whether a passage contains a gold answer."""
    return question.answered_by(hit.chunk.text)


def by_document(question: Question, hit: Hit) -> bool:
    """Whether a passage is of a document that answers."""
    return hit.document.name in question.documents


def place(question: Question, evidence: Evidence, weight: float, right: Right) -> float:
    """Rank of the first passage that answers, with this weight; infinity if there is none."""
    with patch.object(rank, "SENTENCE_WEIGHT", weight):
        hits = rank.reordered(evidence).hits
    return next((n for n, hit in enumerate(hits, start=1) if right(question, hit)), float("inf"))


def measure(name: str, corpus: Corpus, questions: list[Question], right: Right, home: Path) -> Row:
    """MRR and hits of each weight on one corpus."""
    searcher = opened(home, name, corpus.documents).searcher
    places: dict[float, list[float]] = {weight: [] for weight in WEIGHTS}
    for question in random.Random(11).sample(questions, min(MOST, len(questions))):
        found = searcher.search(question.text, POOL)
        evidence = gather(found, searcher.collection, searcher.embeddings)
        for weight in WEIGHTS:
            places[weight].append(place(question, evidence, weight, right))
    return {
        str(weight): {
            "mrr": round(fmean(1 / one for one in found), 3),
            "in_top_5": round(fmean(one <= 5 for one in found), 3),
        }
        for weight, found in places.items()
    }


Right = Callable[[Question, Hit], bool]
Row = dict[str, dict[str, float]]


def main() -> None:
    """Measures the three corpora."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--home", type=Path, required=True, help="where the collections are kept")
    home = parser.parse_args().home
    whole, claims, talk = squad(), scifact(), mtrag()
    reported = {question.text for question in squad_reported(whole)}
    rest = [question for question in whole.questions if question.text not in reported]
    figures: dict[str, object] = {
        "squad": measure("squad", whole, rest, by_text, home),
        "scifact": measure("scifact", claims, list(claims.questions), by_document, home),
        "mtrag": measure(
            "mtrag", talk, [q for q in talk.questions if q.documents], by_document, home
        ),
    }
    save("sentence_weight", f"python {Path(__file__).relative_to(ROOT)} --home FOLDER", figures)


if __name__ == "__main__":
    main()
