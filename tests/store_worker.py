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
from rag_app.store import Collection, Store, chroma, upkeep, writer
from rag_app.store.embedded import EmbeddedIndex

VERSIONS, PATHS = 4, 40


def seed(version: int, path: int) -> int:
    return 1 + version * PATHS + path


def write(home: Path) -> None:
    """Four versions of each of forty paths, from wherever the last run was stopped; then half of
    the paths are forgotten. Tells each step.
    """
    chroma.SYNC_THRESHOLD = 30
    upkeep.BATCH = writer.FLUSH = 10
    with Store(settings(home)) as store:
        collection = store.get("default") if store.exists("default") else make(store)
        with collection.writer(30) as open_writer:
            for version in range(VERSIONS):
                for path in range(PATHS):
                    if _is_due(collection, version, path):
                        open_writer.put(*document(seed(version, path), 3, (f"/{path}",)))
                        tell(f"put {path}")
            for path in range(0, PATHS, 2):
                open_writer.forget(f"/{path}")
                tell(f"forgot {path}")
    tell("done")


def _is_due(collection: Collection, version: int, path: int) -> bool:
    held = collection.document_at(f"/{path}")
    if held is not None:
        return int(held.id, 16) < seed(version, path)
    # nothing is held before the first version, and after the last one where it was forgotten
    last = collection.document_at(f"/{PATHS - 1}")
    return version == 0 and (last is None or int(last.id, 16) != seed(VERSIONS - 1, PATHS - 1))


def tell(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


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
            tell(n)


def hold(home: Path) -> None:
    """Holds the writer lock until its standard input ends."""
    with Store(settings(home)) as store, store.get("default").writer(30):
        tell("held")
        sys.stdin.read()


def fill_disk(home: Path, limit: int) -> None:
    """Stores documents until a file may not grow further, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        with Store(settings(home)) as store, store.get("default").writer(1) as open_writer:
            for n in range(1, 10_000):
                open_writer.put(*document(n, ["lorem ipsum dolor " * 40] * 5))
                tell(n)
    except RagError as error:
        tell(f"{type(error).__name__}: {error}")


def search(home: Path) -> None:
    """One question, as a new process."""
    with Store(settings(home)) as store:
        found = store.get("default").search_dense(document(1)[2][0], 1)
        tell(found[0][0] == document(1)[1][0].id)


def use(home: Path) -> None:
    """Reads and writes a store, as nobody in particular, and tells what goes wrong."""
    if os.geteuid() == 0:
        os.setuid(65534)
    try:
        with Store(settings(home)) as store:
            store.collections()
            put(make(store, "another"), document(1))
        tell("no error")
    except RagError as error:
        tell(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    EmbeddedIndex.worth_asking_from = 0
    task, folder, *rest = sys.argv[1:]
    more = [int(value) if value.isdigit() else value for value in rest]
    globals()[task](Path(folder), *more)
