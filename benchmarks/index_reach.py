"""How many passages the vector index cannot reach, by the number of links that a passage has.

    RAG_CACHE=FOLDER .venv/bin/python benchmarks/index_reach.py [BUILDS]

SciFact's passages with the bundled model's vectors, in the embedded index that the product uses. A
passage is out of reach if a search with its own vector does not bring it (nor one as near); how
many these are depends on chance, so each setting is built several times. Indexes that were built
with fewer links keep them until the collection is switched or read in anew. Ten minutes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from unittest.mock import patch

import beir
import numpy as np
from measure import save

from rag_app.embeddings import Vectors, cached, load_embeddings
from rag_app.settings import load_settings
from rag_app.store import chroma

LINKS = (16, 32, 64)
SAME = 1e-4
"""Cosines that differ by less are those of passages with the same text."""


def unreached(engine: chroma.Engine, ids: Sequence[str], vectors: Vectors) -> tuple[int, float]:
    """How many passages their own vector does not find; milliseconds of a search."""
    missing = 0
    started = time.perf_counter()
    for id_, vector in zip(ids, vectors, strict=True):
        ((found, cosine),) = engine.search("reach", vector, 1)
        missing += found != id_ and cosine < 1 - SAME
    return missing, 1000 * (time.perf_counter() - started) / len(ids)


def built(ids: Sequence[str], vectors: Vectors, links: int) -> tuple[int, float, float]:
    """One index: passages out of reach, seconds of building, milliseconds of a search."""
    with TemporaryDirectory() as folder, patch.dict(chroma.HNSW, max_neighbors=links):
        engine = chroma.Engine(is_persistent=True, persist_directory=folder)
        engine.start()
        try:
            started = time.perf_counter()
            rows = zip(ids, vectors, strict=True)
            engine.put("reach", [chroma.VectorRow(id_, row, {"n": 1}) for id_, row in rows])
            engine.settle("reach")
            seconds = time.perf_counter() - started
            missing, each = unreached(engine, ids, vectors)
            return missing, seconds, each
        finally:
            engine.close()


def main(builds: int) -> None:
    """Builds each setting in turn, so that a busy minute meets them all."""
    settings = load_settings()
    with beir.opened("scifact", settings) as one:
        ids, texts = one.ids, one.texts
    model = cached(load_embeddings("minilm", settings), settings)
    vectors = np.asarray(model.encode_documents(texts), np.float32)
    found: dict[int, list[tuple[int, float, float]]] = {links: [] for links in LINKS}
    for number in range(builds):
        for links in LINKS:
            found[links].append(built(ids, vectors, links))
            print(number, links, found[links][-1], flush=True)
    save(
        "index_reach",
        f"python benchmarks/index_reach.py {builds}",
        {
            "passages": len(ids),
            "builds": builds,
            "links": {
                links: {
                    "out of reach, each build": [missing for missing, _, _ in runs],
                    "seconds to build": round(float(np.median([s for _, s, _ in runs])), 2),
                    "ms a search": round(float(np.median([ms for _, _, ms in runs])), 2),
                }
                for links, runs in found.items()
            },
        },
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
