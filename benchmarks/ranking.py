"""What each step of the ranking is worth: nDCG@10 with all of them, and with one left out.

    RAG_CACHE=FOLDER .venv/bin/python benchmarks/ranking.py [SET …]

The steps and their weights (``rag_app/retrieval/rank.py``) were chosen on Cranfield, on every
eighth question of SQuAD and on the last turns of MTRAG; SciFact and XQuAD had no say. Bigrams of
the question as phrases, lists of 100 instead of 50, smoothing scores over neighbours, and other
normalisations of BM25 were tried and made nothing better on all three. Five minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from unittest.mock import patch

import beir
import numpy as np
from measure import save

from rag_app.embeddings import cached, load_embeddings
from rag_app.evaluation.ranking import dense_rankings, hybrid_rankings
from rag_app.retrieval import rank
from rag_app.retrieval.fuse import Ranking
from rag_app.retrieval.rankers import CONVEX, RRF
from rag_app.retrieval.search import CANDIDATES
from rag_app.settings import Settings, load_settings

FITTED_ON = {"cranfield": 1, "squad-v1.1": 8}
REPORTED = {"scifact": 1, "xquad-es": 1, "xquad-de": 1, "xquad-zh": 1, "xquad-en": 1}
"""Sets, and each how manieth question is asked."""

ONE_WEIGHT = {"LEAST_DENSE": 0.75, "MOST_DENSE": 0.75}
VARIANTS: dict[str, dict[str, float]] = {
    "all steps": {},
    "one weight for all questions": ONE_WEIGHT,
    "without nearness": {"NEARNESS": 0},
    "without feedback": {"FEEDBACK_SHARE": 0},
    "the convex sum alone": ONE_WEIGHT | {"NEARNESS": 0, "FEEDBACK_SHARE": 0},
}


def measure(name: str, every: int, settings: Settings) -> dict[str, float]:
    """nDCG@10 of each way on one set, with the bundled model."""
    with beir.opened(name, settings, every) as one:
        asked = list(one.questions)
        texts = [one.questions[question] for question in asked]
        model = cached(load_embeddings("minilm", settings), settings)
        vectors = model.encode_documents(one.texts)
        questions = np.stack([model.encode_query(text) for text in texts])
        dense = dense_rankings(one.ids, vectors, questions)
        keywords = [one.collection.search_keywords(text, CANDIDATES) for text in texts]

        def hybrid(changes: dict[str, float], fusion: str = CONVEX) -> Sequence[Ranking]:
            with ExitStack() as stack:
                for constant, value in changes.items():
                    stack.enter_context(patch.object(rank, constant, value))
                return hybrid_rankings(
                    texts, one.collection, one.ids, vectors, questions, dense, fusion
                )

        found: dict[str, Sequence[Ranking]] = {
            "vectors": dense,
            "keywords": keywords,
            "reciprocal rank fusion": hybrid({}, RRF),
            **{variant: hybrid(changes) for variant, changes in VARIANTS.items()},
        }
        return {way: round(beir.ndcg(one_, asked, one.grades), 4) for way, one_ in found.items()}


def main(names: list[str]) -> None:
    """Measures the named sets, or all."""
    settings = load_settings()
    figures: dict[str, object] = {}
    for name, every in (FITTED_ON | REPORTED).items():
        if not names or name in names:
            measured = measure(name, every, settings)
            figures[name] = {"fitted on": name in FITTED_ON} | measured
            print(name, measured, flush=True)
    save("ranking", "python benchmarks/ranking.py", figures)


if __name__ == "__main__":
    main(sys.argv[1:])
