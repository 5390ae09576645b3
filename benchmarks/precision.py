"""What 8-bit weights cost in retrieval and gain in speed: minilm against minilm?precision=float32.

    .venv/bin/python benchmarks/precision.py

nDCG@10 (Järvelin and Kekäläinen 2002) of dense search over whole documents of four BEIR-style
sets, and tokens embedded per second, both models in turns in one run. About ten minutes.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from beir import Grades, read
from measure import ROOT, save
from numpy.typing import NDArray

from rag_app.embeddings import IdentifiedEmbeddings, load_embeddings
from rag_app.settings import load_settings

SETS = {"scifact": 1, "cranfield": 1, "xquad-en": 1, "squad-v1.1": 4}
"""Set → every how many questions are asked."""
SPECS = ("minilm?precision=float32", "minilm")
SLICE = 64
K = 10


def embed(
    models: list[IdentifiedEmbeddings], texts: list[str]
) -> tuple[list[NDArray[np.float32]], list[float]]:
    """Vectors of each model, and its seconds; the models take turns, slice by slice."""
    parts: list[list[NDArray[np.float32]]] = [[] for _ in models]
    seconds = [0.0 for _ in models]
    for start in range(0, len(texts), SLICE):
        for number, model in enumerate(models):
            begin = time.perf_counter()
            parts[number].append(model.encode_documents(texts[start : start + SLICE]))
            seconds[number] += time.perf_counter() - begin
    return [np.concatenate(part) for part in parts], seconds


def ndcg(
    ids: list[str], scores: NDArray[np.float32], asked: list[str], grades: Grades
) -> NDArray[np.float64]:
    """nDCG@10 of each question, gains 2^grade - 1."""
    discounts = 1 / np.log2(np.arange(2, K + 2))
    values = []
    for row, question in zip(scores, asked, strict=True):
        best = np.argsort(-row, kind="stable")[:K]
        found = np.array([2.0 ** grades[question].get(ids[i], 0) - 1 for i in best])
        ideal = sorted((2.0**grade - 1 for grade in grades[question].values()), reverse=True)[:K]
        values.append(found @ discounts / (np.array(ideal) @ discounts[: len(ideal)]))
    return np.array(values)


def measure(name: str, every: int, models: list[IdentifiedEmbeddings]) -> dict[str, object]:
    """Both models on one set."""
    documents, questions, grades = read(name, every)
    texts = list(documents.values())
    vectors, seconds = embed(models, texts)
    tokens = sum(
        min(count, models[0].identity.max_tokens) for count in models[0].count_tokens(texts)
    )
    asked = list(questions)
    results = []
    for model, matrix in zip(models, vectors, strict=True):
        queries = np.stack([model.encode_query(questions[question]) for question in asked])
        results.append(ndcg(list(documents), queries @ matrix.T, asked, grades))
    difference = results[1] - results[0]
    return {
        "questions": len(asked),
        "ndcg_float32": round(float(results[0].mean()), 4),
        "ndcg_int8": round(float(results[1].mean()), 4),
        "difference": round(float(difference.mean()), 4),
        "standard_error": round(float(difference.std() / len(asked) ** 0.5), 4),
        "tokens_per_second_float32": round(tokens / seconds[0]),
        "tokens_per_second_int8": round(tokens / seconds[1]),
        "cosine": round(float((vectors[0] * vectors[1]).sum(axis=1).mean()), 4),
    }


def main() -> None:
    """Measures every set."""
    settings = load_settings()
    models = [load_embeddings(spec, settings) for spec in SPECS]
    save(
        "precision",
        f"python {Path(__file__).relative_to(ROOT)}",
        {name: measure(name, every, models) for name, every in SETS.items()},
    )


if __name__ == "__main__":
    main()
