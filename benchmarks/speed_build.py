"""Builds one of the collections of ``speed.py``; taken up where it was left.

    RAG_CACHE=FOLDER .venv/bin/python benchmarks/speed_build.py HOME PASSAGES

Vectors are those of ``static:minilm``, fifty times as fast to make as the bundled model's. The
vector index is built last, as a switch to another model does.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

from speed_texts import Texts

from rag_app.embeddings import IdentifiedEmbeddings, load_embeddings
from rag_app.settings import Settings, load_settings
from rag_app.store import Collection, Store
from rag_app.store.writer import Writer
from rag_app.types import Chunk, ChunkingIdentity, DocumentRecord

MODEL = "static:minilm"
NAME = "speed"
_TOGETHER = 50
"""Documents, of some twenty passages each, that are stored at once."""

_STEP = 10_000
"""Passages after which the time is written down."""

Documents = Iterator[tuple[DocumentRecord, list[Chunk]]]


class Told:
    """What the builds of a collection took so far, in a file beside it."""

    def __init__(self, home: Path) -> None:
        self._path = home / "built.json"
        known = json.loads(self._path.read_text()) if self._path.exists() else {}
        self.seconds: dict[str, float] = known.get("seconds", {})
        self._peak_mb = known.get("peak_mb", 0)

    def add(self, stage: str, since: float) -> float:
        """Seconds of a stage that began at ``since``; returns the present moment."""
        now = perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - since
        self._peak_mb = max(self._peak_mb, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self.figures()))
        return now

    def figures(self) -> dict[str, Any]:
        """All of it."""
        return {"seconds": self.seconds, "peak_mb": self._peak_mb}


def settings_of(home: Path, passages: int, url: str | None = None) -> Settings:
    """Those of one collection; each has a folder of its own."""
    return load_settings().override(
        home=home / f"{passages}", collection=NAME, embedding=MODEL, chroma_url=url
    )


def build(home: Path, passages: int, url: str | None = None) -> dict[str, Any]:
    """Makes the collection, or what it lacks; the seconds of every run together."""
    settings = settings_of(home, passages, url)
    told = Told(settings.home)
    model = load_embeddings(MODEL, settings)
    with Store(settings) as store:
        collection = _collection(store, model)
        if collection.info.chunks < passages or collection.needs_upkeep:
            with collection.writer(wait_s=5, deferred=True) as writer:
                if collection.info.chunks < passages:
                    _store(writer, model, Texts(home).documents(passages), told)
                _index(writer, told)
        info = collection.info
    return {"passages": info.chunks, "documents": info.documents, **told.figures()}


def _collection(store: Store, model: IdentifiedEmbeddings) -> Collection:
    if store.exists(NAME):
        return store.get(NAME)
    return store.create(NAME, model.identity, ChunkingIdentity(200, 0))


def _store(writer: Writer, model: IdentifiedEmbeddings, documents: Documents, told: Told) -> None:
    missing = ((one, chunks) for one, chunks in documents if not writer.has(one.id))
    while batch := list(islice(missing, _TOGETHER)):
        moment = perf_counter()
        vectors = [model.encode_documents([c.text for c in chunks]) for _, chunks in batch]
        moment = told.add("embedding", moment)
        writer.put_many((*pair, made) for pair, made in zip(batch, vectors, strict=True))
        told.add("catalog and keywords", moment)
        print(told.figures(), flush=True)


def _index(writer: Writer, told: Told) -> None:
    began, seen = perf_counter(), 0

    def note(waiting: int) -> bool:
        nonlocal began, seen
        if waiting // _STEP != seen:
            began, seen = told.add("vector index", began), waiting // _STEP
            print(waiting, told.figures(), flush=True)
        return True

    writer.flush(note)
    told.add("vector index", began)


if __name__ == "__main__":
    print(json.dumps(build(Path(sys.argv[1]), int(sys.argv[2]))))
