"""The process that asks while switch_kill.py kills, until its input ends: ``HOME SPEC``.

It asks the collection without a pause, in one index that it keeps open and in the one of that name
at the moment. The two models of the trial are here as well: both processes need them.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
import zlib
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings

from ingest.chunk import contextual_text
from rag_app.embeddings import load_embeddings
from rag_app.settings import load_settings
from rag_app.store import Collection, Store

OLD, NEW = "python:switch_asker:old", "python:switch_asker:new"
NAME = "papers"
AFTER_CHANGEOVER = 50
"""Questions that the index kept open still answers after a changeover, before it is let go."""


class Hashed(Embeddings):
    """Words hashed into a vector: costs nothing, so that the store is what is tried."""

    def __init__(self, dimension: int, salt: int) -> None:
        self.dimension, self.salt = dimension, salt
        self.fingerprint = f"{dimension}-{salt}"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector for each text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """A question is a text like any other."""
        words = (zlib.crc32(word.encode(), self.salt) for word in text.split())
        return np.bincount([word % self.dimension for word in words], None, self.dimension).tolist()


def old() -> Hashed:
    """The model before."""
    return Hashed(64, 1)


def new() -> Hashed:
    """The model after."""
    return Hashed(128, 2)


def ask(home: Path, specs: list[str]) -> None:
    """Asks until standard input ends; prints what failed, and the counts."""
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    settings = load_settings({"home": home})
    models = {spec: load_embeddings(spec, settings) for spec in specs}
    counts = {"asked": 0, "failed": 0, "slowest_s": 0.0, "of_former": 0}
    with Store(settings) as store:
        held, left = store.get(NAME), AFTER_CHANGEOVER
        texts = [chunk for record in held.documents() for chunk in held.chunks(record.id)]
        chance = random.Random(1)
        print("ready", flush=True)
        while not ended.is_set():
            live = store.get(NAME)
            left -= held.key != live.key
            if not left:
                held, left = live, AFTER_CHANGEOVER
            text = contextual_text(chance.choice(texts))
            for collection in (held, live):
                start = time.perf_counter()
                try:
                    right = _found(collection, text, models)
                except Exception as error:  # noqa: BLE001 - that is what is counted
                    print(f"{type(error).__name__}: {error}", flush=True)
                    right = False
                counts["asked"] += 1
                counts["failed"] += not right
                counts["of_former"] += collection.key != live.key
                counts["slowest_s"] = max(counts["slowest_s"], time.perf_counter() - start)
    print(json.dumps(counts), flush=True)


def _found(collection: Collection, text: str, models: dict[str, object]) -> bool:
    vector = models[collection.info.embedding.spec].encode_query(text)  # type: ignore[attr-defined]
    found = collection.search_dense(vector, 5)
    words = collection.search_keywords(text, 5)
    return bool(found) and found[0][1] > 0.999 and bool(words)


if __name__ == "__main__":
    ask(Path(sys.argv[1]), [OLD, sys.argv[2]])
