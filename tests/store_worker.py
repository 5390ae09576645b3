"""Processes that tests start, kill, or read beside: ``python store_worker.py TASK HOME [N]``.

Every vector index is written to disk far more often than in real life, so that a kill is likely to
meet it.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from store_samples import document, make, put, settings

from rag_app.errors import RagError
from rag_app.store import Store, chroma, upkeep, writer

VERSIONS, PATHS = 4, 40


def seed(version: int, path: int) -> int:
    return 1 + version * PATHS + path


def write(home: Path) -> None:
    """Four versions of each of forty paths, from wherever the last run was stopped; then half of
    the paths are forgotten.
    """
    chroma.SYNC_THRESHOLD = 30
    upkeep.BATCH = writer.FLUSH = 10
    with Store(settings(home)) as store:
        collection = store.get("default") if store.exists("default") else make(store)
        print("ready", flush=True)
        with collection.writer(30) as open_writer:
            for version in range(VERSIONS):
                for path in range(PATHS):
                    record, chunks, made = document(seed(version, path), 3, (f"/{path}",))
                    held = open_writer.path_document(f"/{path}")
                    if (held is None and version == 0 and not _forgotten(collection, path)) or (
                        held is not None and int(held, 16) < int(record.id, 16)
                    ):
                        open_writer.put(record, chunks, made)
            for path in range(0, PATHS, 2):
                open_writer.forget(f"/{path}")
        print("done", flush=True)


def _forgotten(collection, path: int) -> bool:
    """Whether the run that was stopped had come to forgetting."""
    last = collection.document_at(f"/{PATHS - 1}")
    return path % 2 == 0 and last is not None and int(last.id, 16) == seed(VERSIONS - 1, PATHS - 1)


def die_at(home: Path, where: str) -> None:
    """Stores one document, and dies by SIGKILL at the named function: before or after it."""
    order, _, name = where.partition(":")
    owner, function = {
        "put": (chroma.Engine, "put"),
        "remove": (chroma.Engine, "remove"),
        "settle": (chroma.Engine, "settle"),
        "keywords": (writer.changes.keywords, "add"),
        "drop": (chroma.Engine, "drop"),
    }[name]
    original = getattr(owner, function)

    def killed(*args, **kwargs):
        if order == "after":
            original(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, function, killed)
    with Store(settings(home)) as store:
        if name == "drop":
            store.delete("default")
        else:
            put(store.get("default"), document(1001, 3, ("/docs/1.txt",)))


def fill(home: Path, count: int) -> None:
    """Stores documents one by one, telling each, while others read."""
    chroma.SYNC_THRESHOLD = 40
    upkeep.BATCH = writer.FLUSH = 16
    with Store(settings(home)) as store, store.get("default").writer(30) as open_writer:
        for n in range(1, count + 1):
            open_writer.put(*document(5000 + n))
            print(n, flush=True)


def hold(home: Path) -> None:
    """Holds the writer lock until its standard input ends."""
    with Store(settings(home)) as store, store.get("default").writer(30):
        print("held", flush=True)
        sys.stdin.read()


def fill_disk(home: Path, limit: int) -> None:
    """Stores documents until a file may not grow further, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        with Store(settings(home)) as store, store.get("default").writer(1) as open_writer:
            for n in range(1, 10_000):
                open_writer.put(*document(n, ["lorem ipsum dolor " * 40] * 5))
                print(n, flush=True)
    except RagError as error:
        print(f"{type(error).__name__}: {error}", flush=True)


def search(home: Path) -> None:
    """One question, as a new process."""
    with Store(settings(home)) as store:
        found = store.get("default").search_dense(document(1)[2][0], 1)
        print(found[0][0] == document(1)[1][0].id, flush=True)


def use(home: Path) -> None:
    """Opens a store and reads it, and tells what goes wrong."""
    try:
        with Store(settings(home)) as store:
            store.collections()
            put(make(store, "another"), document(1))
        print("no error", flush=True)
    except RagError as error:
        print(f"{type(error).__name__}: {error}", flush=True)


if __name__ == "__main__":
    task, folder, *rest = sys.argv[1:]
    more = [int(value) if value.isdigit() else value for value in rest]
    globals()[task](Path(folder), *more)
