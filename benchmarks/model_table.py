"""Every offline embedding model on four sets, for docs/choosing-a-model.md.

    .venv/bin/python benchmarks/model_table.py [SET …]

nDCG@10 of whole documents, by vectors alone and fused with keywords; passages per second on 256
Cranfield abstracts, none from the cache, the best of three runs; dimension; size on disk. Models
that are fitted are fitted on the set. Figures that others have published for SciFact stand below,
marked as theirs. The table in the documentation is written anew, from the sets measured now and
before. All sets take an hour the first time; vectors stay in RAG_CACHE.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from beir import BeirSet, loaded, models, ndcg, opened, rankings
from measure import DATA, RESULTS, ROOT, save

from rag_app.embeddings import IdentifiedEmbeddings, load_embeddings
from rag_app.settings import Settings, load_settings

SETS = {"scifact": 1, "cranfield": 1, "squad-v1.1": 10, "xquad-es": 1}
"""Set → every how many questions are asked."""
TITLES = {
    "scifact": "SciFact",
    "cranfield": "Cranfield",
    "squad-v1.1": "SQuAD v1.1",
    "xquad-es": "XQuAD es",
}
TIMED = "cranfield"
TEXTS, ROUNDS = 256, 3
PAGE = ROOT / "docs" / "choosing-a-model.md"
START, END = "<!-- models -->", "<!-- /models -->"
NAME = "model_table"
FULL = "minilm?precision=float32"


def specs() -> dict[str, str]:
    """What is measured: a name for the table, and the spec."""
    return models() | {FULL: FULL}


def measured(beir: BeirSet, settings: Settings) -> dict[str, dict[str, object]]:
    """All models on one set."""
    asked = list(beir.questions)
    figures: dict[str, dict[str, object]] = {}
    for name, spec in specs().items():
        model = loaded(spec, beir, settings)
        found = rankings(model, beir, [beir.questions[question] for question in asked])
        figures[name] = {way: round(ndcg(one, asked, beir.grades), 4) for way, one in found.items()}
        if beir.name == TIMED:
            figures[name] |= {
                "dimension": model.identity.dimension,
                "disk_mb": None if model.disk_bytes is None else round(model.disk_bytes / 1e6, 1),
                "per_second": round(speed(model.identity.spec, beir, settings), 1),
            }
        model.close()
        print(beir.name, name, figures[name], file=sys.stderr, flush=True)
    keywords = [beir.collection.search_keywords(beir.questions[q], 50) for q in asked]
    figures["keywords alone"] = {"hybrid": round(ndcg(keywords, asked, beir.grades), 4)}
    return figures


def speed(spec: str, beir: BeirSet, settings: Settings) -> float:
    """Passages per second, past the cache."""
    model: IdentifiedEmbeddings = load_embeddings(spec, settings)
    texts = beir.texts[:TEXTS]
    model.encode_documents(texts[:32])
    best = 0.0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        model.encode_documents(texts)
        best = max(best, len(texts) / (time.perf_counter() - start))
    model.close()
    return best


def published() -> dict[str, float]:
    """nDCG@10 on SciFact as others have published it, by model."""
    rows = json.loads((DATA / "reference_scores.json").read_text(encoding="utf-8"))
    return {
        row["model"].removeprefix("mteb__"): row["ndcg_at_10"]
        for row in rows
        if row["task"] == "SciFact" and row["split"] == "test"
    }


def table(results: dict[str, dict[str, dict[str, object]]], others: dict[str, float]) -> str:
    """Markdown: our models, best first on SciFact, then the published figures."""
    first, sets = results[TIMED], [one for one in SETS if one in results]
    names = sorted(first, key=lambda name: -float(str(first[name]["hybrid"])))
    head = [f"{TITLES[one]} dense / hybrid" for one in sets]
    lines = [
        "| model | " + " | ".join(head) + " | passages/s | dimension | disk, MB |",
        "| --- |" + " ---: |" * (len(head) + 3),
    ]
    for name in names:
        own = first[name]
        cells = [_pair(results[one][name]) for one in sets]
        rest = [own.get("per_second", ""), own.get("dimension", ""), own.get("disk_mb", "")]
        shown = ["" if value is None else str(value) for value in rest]
        lines.append(f"| {name} | " + " | ".join([*cells, *shown]) + " |")
    lines += ["", "Published by others, SciFact, dense (not measured here):", ""]
    lines += ["| model | nDCG@10 |", "| --- | ---: |"]
    ranked = sorted(others.items(), key=lambda one: -one[1])
    return "\n".join([*lines, *(f"| {name} | {value:.3f} |" for name, value in ranked)])


def _pair(figures: dict[str, object]) -> str:
    dense = figures.get("dense")
    return f"{'—' if dense is None else f'{dense:.3f}'} / {figures['hybrid']:.3f}"


def main(wanted: list[str]) -> None:
    """Measures the sets that are named, or all; saves the figures and writes the table."""
    settings, others = load_settings(), published()
    path = RESULTS / f"{NAME}.json"
    results = json.loads(path.read_text())["figures"]["sets"] if path.exists() else {}
    for name in wanted or SETS:
        with opened(name, settings, SETS[name]) as beir:
            results[name] = measured(beir, settings)
        figures = {"sets": results, "published": others}
        save(NAME, f"python {Path(__file__).relative_to(ROOT)}", figures)
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{START}\n{table(results, others)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
