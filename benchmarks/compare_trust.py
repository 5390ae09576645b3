"""Do questions made from the documents rank models as people's questions do?

    .venv/bin/python benchmarks/compare_trust.py [SET …]

For each set the comparison of the product runs twice, on the set's own questions and on those that
it makes offline; Kendall's τ-b is between the two rankings by nDCG@10. The rules for making
questions were tuned on SQuAD v1.1 alone; SciFact and Cranfield are reported, not tuned on. Texts
are whole, as the sets define them; each of a grade above 0 counts as right. Thirteen models
and three sets take an hour the first time; vectors stay in RAG_CACHE.
"""

from __future__ import annotations

import json
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
from beir import BeirSet, models, opened
from measure import RESULTS, ROOT, save
from scipy.stats import kendalltau

from rag_app.evaluation.compare import Material, compare_models
from rag_app.evaluation.generate import generate_questions
from rag_app.evaluation.model_result import WAYS
from rag_app.evaluation.questions import EvalQuestion
from rag_app.settings import Settings, load_settings

SETS = {"scifact": 1, "cranfield": 1, "squad-v1.1": 20}
"""Set → every how many questions are asked."""
QUESTIONS = 400
SEED = 0
APART = 0.02
"""Models that people's questions tell apart by so much of nDCG@10 are worth telling apart."""
NAME = "compare_trust"

Figures = dict[str, dict[str, dict[str, float]]]
"""Model → way → where the questions are from → nDCG@10."""


def judged(beir: BeirSet, settings: Settings) -> Figures:
    """nDCG@10 of each model by the real and by the offline questions, dense and hybrid."""
    asked = {
        "real": [
            EvalQuestion(text, None, None, tuple((id_,) for id_ in beir.grades[key]), "user")
            for key, text in beir.questions.items()
        ],
        "offline": generate_questions(beir.passages, QUESTIONS, SEED),
    }
    names = {spec: name for name, spec in models().items()}
    figures: Figures = {name: {way: {} for way in WAYS} for name in names.values()}
    for origin, questions in asked.items():
        material = Material(beir.collection, beir.passages, questions, origin)
        compared = compare_models(material, list(names), settings)
        if compared.failures:
            sys.exit(f"{beir.name}: {compared.failures}")
        for model in compared.models:
            for way in WAYS:
                mean = model.scores(way).measures["ndcg@10"].mean
                figures[names[model.spec]][way][origin] = round(mean, 4)
        print(beir.name, origin, figures, file=sys.stderr, flush=True)
    return figures


def agreement(figures: Figures, way: str) -> dict[str, object]:
    """Kendall's τ-b, pairs that are worth an order and have it, and what following would cost."""
    real = np.array([one[way]["real"] for one in figures.values()])
    offline = np.array([one[way]["offline"] for one in figures.values()])
    names = list(figures)
    best = int(offline.argmax())
    apart = [
        (real[one] - real[other]) * (offline[one] - offline[other]) > 0
        for one, other in combinations(range(len(real)), 2)
        if abs(real[one] - real[other]) >= APART
    ]
    return {
        "models": len(real),
        "tau": round(float(kendalltau(real, offline).statistic), 3),
        "pairs_apart": len(apart),
        "of_these_in_the_same_order": round(float(np.mean(apart)), 3),
        "best_by_offline": names[best],
        "best_by_real": names[int(real.argmax())],
        "lost_by_trusting": round(float(real.max() - real[best]), 4),
    }


def main(wanted: list[str]) -> None:
    """Measures the sets that are named, or all; figures of the others stay as they are."""
    settings = load_settings()
    path = RESULTS / f"{NAME}.json"
    results = json.loads(path.read_text())["figures"] if path.exists() else {}
    for name in wanted or SETS:
        with opened(name, settings, SETS[name], titled=True) as beir:
            figures = judged(beir, settings)
        results[name] = {way: agreement(figures, way) for way in WAYS} | {"ndcg@10": figures}
        save(NAME, f"python {Path(__file__).relative_to(ROOT)}", results)


if __name__ == "__main__":
    main(sys.argv[1:])
