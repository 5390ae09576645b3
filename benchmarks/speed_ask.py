"""Asks one of the collections of ``speed.py``, in a process of its own; prints JSON.

    RAG_CACHE=FOLDER .venv/bin/python benchmarks/speed_ask.py HOME PASSAGES ASKED ROUNDS [FILTER …]

Questions are embedded by the bundled model as well, so that its time and its memory count; the
collection is then searched with the vector of its own model.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
from speed_build import MODEL, NAME, settings_of
from speed_texts import questions

from rag_app.embeddings import IdentifiedEmbeddings, Vectors, load_embeddings
from rag_app.retrieval.search import Searcher
from rag_app.store import Collection, Store
from rag_app.types import Filter

K = 10


class Both:
    """The bundled model's time, and the collection's own vectors."""

    def __init__(self, bundled: IdentifiedEmbeddings, own: IdentifiedEmbeddings) -> None:
        self._bundled, self._own = bundled, own

    def encode_query(self, text: str) -> Vectors:
        """A question's vector."""
        self._bundled.encode_query(text)
        return self._own.encode_query(text)


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds: the median, and what 95 of 100 do not exceed."""
    ordered = sorted(1000 * one for one in seconds)
    return {
        "p50_ms": round(median(ordered), 1),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
    }


def middle(rounds: Sequence[dict[str, float]]) -> dict[str, object]:
    """The median of several rounds, and each of them."""
    return {name: median(one[name] for one in rounds) for name in rounds[0]} | {
        "rounds": [list(one.values()) for one in rounds]
    }


def asked(searcher: Searcher, texts: Sequence[str], where: Filter | None) -> dict[str, object]:
    """A round: whole searches, and of each the embedding."""
    whole, embed, busy = [], [], []
    for text in texts:
        started, worked = perf_counter(), process_time()
        embed.append(searcher.search(text, K, where).timings["embed"])
        whole.append(perf_counter() - started)
        busy.append(process_time() - worked)
    return {"whole": spread(whole), "embedding": spread(embed), "time of processors": spread(busy)}


def stages(collection: Collection, texts: Sequence[str], model: IdentifiedEmbeddings) -> object:
    """What each part of a search takes, without the embedding."""
    found: dict[str, list[float]] = {}

    def timed(name: str, work: object, *arguments: object) -> object:
        started = perf_counter()
        result = work(*arguments)  # type: ignore[operator]
        found.setdefault(name, []).append(perf_counter() - started)
        return result

    for text in texts:
        vector = model.encode_query(text)
        dense = timed("vectors' list", collection.search_dense, vector, 50)
        keywords = timed("keywords' list", collection.search_keywords, text, 50)
        ids = list(dict(dense) | dict(keywords))  # type: ignore[call-overload]
        timed("nearness", collection.nearness, text, ids)
        timed("feedback's vectors", collection.vectors, ids)
        timed("passages", collection.fetch, ids[:K])
    return {name: spread(seconds) for name, seconds in found.items()}


def recall(
    collection: Collection,
    texts: Sequence[str],
    model: IdentifiedEmbeddings,
    where: Filter | None = None,
) -> float:
    """Share of the exact first ten that are found; equal cosines count as equal."""
    vectors = np.stack([model.encode_query(text) for text in texts])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    best = np.full((len(texts), K), -1.0, np.float32)
    ids = collection.chunk_ids()
    if where:  # of as many as there are, every one that passes is found
        ids = [id_ for id_, _ in collection.search_dense(vectors[0], len(ids), where)]
    for start in range(0, len(ids), 10_000):
        block = np.stack(list(collection.vectors(ids[start : start + 10_000]).values()))
        block = block / np.linalg.norm(block, axis=1, keepdims=True)
        best = np.sort(np.hstack([best, vectors @ block.T]), axis=1)[:, -K:]
    found = [collection.search_dense(vector, K, where) for vector in vectors]
    hits = [
        sum(cosine >= least - 1e-5 for _, cosine in one)
        for one, least in zip(found, best[:, 0], strict=True)
    ]
    return float(np.mean(hits)) / K


def main(home: Path, passages: int, count: int, rounds: int, filters: Sequence[str]) -> None:
    """Measures everything of one collection."""
    settings = settings_of(home, passages)
    own = load_embeddings(MODEL, settings)
    texts = questions(count)
    with Store(settings) as store:
        collection = store.get(NAME)
        searcher = Searcher(collection, Both(load_embeddings("minilm", settings), own))  # type: ignore[arg-type]
        started = perf_counter()
        searcher.search(texts[0], K)
        figures: dict[str, object] = {"first_question_s": round(perf_counter() - started, 2)}
        for given in ("", *filters):
            where = _filter(given)
            started = perf_counter()
            searcher.search(texts[0], K, where)
            first = perf_counter() - started
            every = [asked(searcher, texts, where) for _ in range(rounds)]
            figures[given or "all"] = {
                "passages": collection.passing(where).passages,
                "first_s": round(first, 2),
                **{part: middle([one[part] for one in every]) for part in every[0]},  # type: ignore[misc]
            }
        figures["stages"] = stages(collection, texts, own)
        figures["peak_mb_asking"] = _peak_mb()
        figures["recall@10"] = {
            given or "all": round(recall(collection, texts, own, _filter(given)), 4)
            for given in ("", *filters)
        }
    sys.stdout.write(json.dumps(figures))


def _filter(given: str) -> Filter | None:
    return Filter.parse([given]) if given else None


def _peak_mb() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]), sys.argv[5:])
