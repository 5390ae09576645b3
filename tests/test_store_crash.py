"""kill -9 at any moment loses nothing that was finished, and leaves nothing half done."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from store_samples import assert_whole, document, finish, make, put, settings, start, vectors
from store_worker import PATHS, VERSIONS, seed

from rag_app.store import Store, chroma
from rag_app.store.database import Database
from rag_app.store.embedded import EmbeddedIndex
from rag_app.store.schema import CATALOG
from rag_app.store.vectors import DOUBTFUL

KILLS = 6


@pytest.fixture(autouse=True)
def always_ask_the_index(monkeypatch):
    monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 0)


def chunk_ids(store: Store) -> set[str]:
    collection = store.get("default")
    return {c.id for record in collection.documents() for c in collection.chunks(record.id)}


def test_killed_at_random_moments_and_resumed(tmp_path):
    finish(start("write", tmp_path / "undisturbed"))
    with Store(settings(tmp_path / "undisturbed")) as store:
        expected = chunk_ids(store)
        assert store.check() == []
    chance = random.Random(20)
    home = tmp_path / "killed"
    for _ in range(KILLS):
        process = start("write", home)
        assert process.stdout is not None
        for _ in range(chance.randint(3, 12)):
            process.stdout.readline()
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
        assert "done" not in finish(process)
        with Store(settings(home)) as store:
            assert_whole(store.get("default"))
    assert finish(start("write", home)).endswith("done")
    with Store(settings(home)) as store:
        assert chunk_ids(store) == expected
        assert store.check() == []
        assert {r.id for r in store.get("default").documents()} == {
            f"{seed(VERSIONS - 1, path):064x}" for path in range(1, PATHS, 2)
        }


@pytest.mark.parametrize("function", ["put", "remove", "settle", "keywords"])
@pytest.mark.parametrize("order", ["before", "after"])
def test_killed_at_a_chosen_point(tmp_path, order, function):
    with Store(settings(tmp_path)) as store:
        put(make(store), *(document(n) for n in range(1, 20)))
    process = start("die_at", tmp_path, f"{order}:{function}")
    finish(process)
    assert process.returncode == -signal.SIGKILL
    new = document(1001, 3, ("/docs/1.txt",))
    with Store(settings(tmp_path)) as store:
        collection = store.get("default")
        assert assert_whole(collection) == 19
        # inside the transaction nothing has happened yet; after it everything has
        assert (collection.document(new[0].id) is None) == (function == "keywords")
        put(collection, new)
        assert store.check() == []
        assert assert_whole(collection) == 19
        assert collection.document(document(1)[0].id) is None


def test_killed_while_a_collection_is_deleted(tmp_path):
    with Store(settings(tmp_path)) as store:
        put(make(store), document(1))
        put(make(store, "other"), document(2))
    process = start("die_at", tmp_path, "before:drop")
    finish(process)
    assert process.returncode == -signal.SIGKILL
    with Store(settings(tmp_path)) as store:
        assert [info.name for info in store.collections()] == ["other"]
        put(store.get("other"), document(3))
        assert store.check() == []
        with Database(tmp_path / "catalog.sqlite3", CATALOG).read() as connection:
            assert connection.execute("SELECT count(*) FROM discarded").fetchone() == (0,)


def _index_files(home: Path) -> list[Path]:
    return list((home / "chroma").glob("*/link_lists.bin"))


def _filled(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma, "SYNC_THRESHOLD", 50)
    with Store(settings(home)) as store:
        with make(store).writer(1) as writer:
            writer.put_many([document(n) for n in range(1, 101)])
        assert store.check() == []


def _break(home: Path) -> None:
    """What a kill in the middle of writing leaves: files that crash whoever opens them."""
    for links in _index_files(home):
        links.write_bytes(np.full(links.stat().st_size // 4, 0x7FFFFFF0, np.uint32).tobytes())
        data = links.with_name("data_level0.bin")
        size = data.stat().st_size
        with data.open("r+b") as file:
            file.write(np.full(size // 4, 0x7FFFFFF0, np.uint32).tobytes())


def test_index_left_unfinished_is_never_opened_and_built_anew(tmp_path, monkeypatch):
    _filled(tmp_path, monkeypatch)
    _break(tmp_path)
    with Store(settings(tmp_path)) as store:
        with store._database.write() as connection:
            connection.execute("UPDATE indexes SET unsettled = ?", (DOUBTFUL,))
        collection = store.get("default")
        assert "unfinished" in store.check()[0]
        assert assert_whole(collection) == 100
        with collection.writer(1):
            pass
        assert store.check() == []
        assert assert_whole(collection) == 100


def test_index_that_crashes_its_readers_is_given_up(tmp_path, monkeypatch):
    _filled(tmp_path, monkeypatch)
    _break(tmp_path)
    answers = []
    for _ in range(DOUBTFUL + 1):
        process = start("search", tmp_path)
        answers.append(finish(process) or process.returncode)
    assert answers[-1] == "True"
    with Store(settings(tmp_path)) as store, store.get("default").writer(1):
        pass
    with Store(settings(tmp_path)) as store:
        assert store.check() == []
        assert assert_whole(store.get("default")) == 100


def test_lost_index_is_reported_and_built_anew(tmp_path):
    with Store(settings(tmp_path)) as store:
        put(make(store), *(document(n) for n in range(1, 20)))
        store._index.remove(collection_index(store), [document(3)[1][0].id])
        assert "1 passages are missing" in store.check()[0]
        collection = store.get("default")
        assert assert_whole(collection) == 19  # exact, now that it is known
        with collection.writer(1):
            pass
        assert store.check() == []
        store._index.drop(collection_index(store))
        assert assert_whole(collection) == 19
        assert "missing" in store.check()[0]
        assert assert_whole(collection) == 19
        with collection.writer(1):
            pass
        assert store.check() == []


def collection_index(store: Store) -> str:
    with store._database.read() as connection:
        return str(connection.execute("SELECT name FROM indexes").fetchone()[0])


def test_deleted_chroma_folder_costs_nothing_but_time(tmp_path):
    with Store(settings(tmp_path)) as store:
        put(make(store), *(document(n) for n in range(1, 20)))
    for file in sorted((tmp_path / "chroma").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    with Store(settings(tmp_path)) as store:
        collection = store.get("default")
        assert assert_whole(collection) == 19
        put(collection, document(50))
        assert store.check() == []
        assert len(collection.search_dense(vectors(1, 1)[0], 100)) == 60
