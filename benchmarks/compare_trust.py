"""Do questions made from the documents rank models as people's questions do?

    .venv/bin/python benchmarks/compare_trust.py

For each set: models ranked by nDCG@10 on the set's own questions, and on questions that `rag
compare` makes offline; Kendall's τ between the two rankings. The rules for making questions were
tuned on SQuAD v1.1 alone; SciFact and Cranfield are reported, not tuned on. Documents are whole, as
the sets define them. Half an hour the first time; vectors stay in RAG_CACHE.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from beir import BeirSet, loaded, models, ndcg, opened, rankings
from measure import ROOT, save
from scipy.stats import kendalltau

from rag_app.evaluation.generate import generate_questions
from rag_app.settings import Settings, load_settings

SETS = {"scifact": 1, "cranfield": 1, "squad-v1.1": 20}
"""Set → every how many questions are asked."""
QUESTIONS = 400
SEED = 0


def judged(beir: BeirSet, settings: Settings) -> dict[str, dict[str, dict[str, float]]]:
    """nDCG@10 of each model by the real and by the offline questions, dense and hybrid."""
    made = generate_questions(beir.passages, QUESTIONS, SEED)
    real = list(beir.questions)
    numbers = [str(number) for number in range(len(made))]
    targets = {
        number: dict.fromkeys(one.chunk_ids, 1) for number, one in zip(numbers, made, strict=True)
    }
    figures = {}
    for name, spec in models().items():
        model = loaded(spec, beir, settings)
        by_people = rankings(model, beir, [beir.questions[question] for question in real])
        by_rules = rankings(model, beir, [one.question for one in made])
        model.close()
        figures[name] = {
            way: {
                "real": round(ndcg(by_people[way], real, beir.grades), 4),
                "offline": round(ndcg(by_rules[way], numbers, targets), 4),
            }
            for way in by_people
        }
        print(beir.name, name, figures[name], file=sys.stderr, flush=True)
    return figures


def agreement(figures: dict[str, dict[str, dict[str, float]]], way: str) -> dict[str, object]:
    """Kendall's τ-b over all models, and over those that are better than half of the best."""
    real = np.array([one[way]["real"] for one in figures.values()])
    offline = np.array([one[way]["offline"] for one in figures.values()])
    good = real >= real.max() / 2
    best = list(figures)[int(offline.argmax())]
    return {
        "models": len(real),
        "tau": round(float(kendalltau(real, offline).statistic), 3),
        "good_models": int(good.sum()),
        "tau_of_good_models": round(float(kendalltau(real[good], offline[good]).statistic), 3),
        "best_by_offline": best,
        "best_by_real": list(figures)[int(real.argmax())],
        "lost_by_trusting": round(float(real.max() - figures[best][way]["real"]), 4),
    }


def main() -> None:
    """Measures every set."""
    settings = load_settings()
    results: dict[str, object] = {}
    for name, every in SETS.items():
        with opened(name, settings, every) as beir:
            figures = judged(beir, settings)
        results[name] = {
            "dense": agreement(figures, "dense"),
            "hybrid": agreement(figures, "hybrid"),
            "ndcg@10": figures,
        }
    save("compare_trust", f"python {Path(__file__).relative_to(ROOT)}", results)


if __name__ == "__main__":
    main()
