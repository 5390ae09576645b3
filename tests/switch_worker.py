"""Processes that tests of switching start and kill: ``python switch_worker.py TASK HOME [WHERE]``.

Everything happens in small steps, so that a kill is likely to meet any of them.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from store_samples import DIMENSION, document, settings
from store_worker import tell
from switch_samples import add, model

from ingest import copy, rollback
from ingest.switch import open_switch, plan_switch
from rag_app.store import Store, chroma, debts, rows, upkeep, writer
from rag_app.store.embedded import EmbeddedIndex
from rag_app.store.generations import Generations

DOCUMENTS = 60
OLD = model("test:small", fingerprint="f" * 64, dimension=DIMENSION, max_tokens=64)
NEW = model()


def small_steps() -> None:
    EmbeddedIndex.worth_asking_from = 0
    copy.WINDOW = copy.SLICE = 9
    chroma.SYNC_THRESHOLD = 30
    upkeep.BATCH = writer.FLUSH = 10


def switch(home: Path) -> None:
    """Builds and changes over, telling each step, from wherever the last run was stopped."""
    with Store(settings(home)) as store:
        plan = plan_switch(store, settings(home), "default", NEW, "new")
        if plan.is_needed:
            with open_switch(store, settings(home), plan, NEW) as opened:
                assert opened.build(lambda progress: tell(progress.chunks_done))
                tell("built")
                assert opened.change_over()
    tell("done")


def back(home: Path) -> None:
    """Rolls back, unless it was done before, and catches up."""
    rollback._model_of = lambda *_: OLD
    with Store(settings(home)) as store:
        generations = store.generations("default")
        if generations.live.info.embedding == NEW.identity:
            generations.roll_back()
        assert rollback.catch_up(store, settings(home), "default")
    tell("done")


POINTS = {
    "row": (rows, "insert"),
    "put": (chroma.Engine, "put"),
    "settle": (chroma.Engine, "settle"),
    "store": (writer.changes, "replace"),
    "arrange": (writer.changes, "arrange"),
    "rename": (rows, "become"),
    "over": (Generations, "change_over"),
    "drop": (chroma.Engine, "drop"),
    "record": (debts, "record"),
    "forget": (writer.Writer, "forget"),
}


def die_at(home: Path, where: str) -> None:
    """Does TASK:ORDER:POINT:N, and dies by SIGKILL before or after the Nth call of the point."""
    task, order, name, number = where.split(":")
    owner, function = POINTS[name]
    original = getattr(owner, function)
    left = [int(number)]

    def killed(*args, **kwargs):
        left[0] -= 1
        if left[0] == 0 and order == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, function, killed)
    globals()[task](home)


def ask(home: Path) -> None:
    """Asks without a pause until its standard input ends: once opened, and opened anew.

    Tells the questions asked, and every one that failed or found another passage.
    """
    asked, failed = 0, 0
    with Store(settings(home)) as store:
        held = store.get("default")
        tell("ready")
        ended = input_ended()
        while not ended.is_set() or asked == 0:
            seed = 1 + asked % DOCUMENTS
            for collection in (held, store.get("default")):
                of = OLD if collection.info.embedding.dimension == DIMENSION else NEW
                record, chunks, _ = document(seed)
                vector = of.encode_documents([chunks[0].text])[0]
                found = collection.search_dense(vector, 1)
                words = collection.search_keywords(chunks[0].text, 3)
                right = found and found[0][0] == chunks[0].id and len(words) == 3
                asked += 1
                if not right or collection.document(record.id) is None:
                    failed += 1
                    tell(f"failed {seed} {found}")
    tell(f"asked {asked} failed {failed}")


def input_ended() -> threading.Event:
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    return ended


def write(home: Path) -> None:
    """Brings documents in and out until its standard input ends, and tells which are there."""
    n = 1000
    tell("ready")
    ended = input_ended()
    with Store(settings(home)) as store:
        while not ended.is_set():
            n += 1
            live = store.get("default")
            of = OLD if live.info.embedding.dimension == DIMENSION else NEW
            try:
                add(live, of, document(n, 2))
                if n % 3 == 0:
                    with live.writer(5) as open_writer:
                        open_writer.forget(f"/docs/{n - 1}.txt")
            except writer.StoreError as error:
                tell(f"again {type(error).__name__}")
                n -= 1
    tell(f"last {n}")


if __name__ == "__main__":
    small_steps()
    name, folder, *rest = sys.argv[1:]
    globals()[name](Path(folder), *rest)
