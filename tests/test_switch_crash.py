"""kill -9 at any moment of a switch leaves the live index whole, and the build goes on after it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from store_samples import document, finish, make, settings
from switch_samples import add, assert_answers, ids, seen, switch
from switch_worker import DOCUMENTS, NEW, OLD

from ingest import rollback
from rag_app.store import Store
from rag_app.store.embedded import EmbeddedIndex

WORKER = Path(__file__).with_name("switch_worker.py")
KILLS = 4


@pytest.fixture(autouse=True)
def always_ask_the_index(monkeypatch):
    monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 0)


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


def filled(home: Path) -> list[tuple[object, ...]]:
    with Store(settings(home)) as store:
        add(make(store), OLD, *(document(n) for n in range(1, DOCUMENTS + 1)))
        return seen(store.get("default"))


def die(home: Path, where: str) -> None:
    process = start("die_at", home, where)
    output = finish(process)
    assert process.returncode == -signal.SIGKILL, output


def assert_switched(home: Path, expected: list[tuple[object, ...]]) -> None:
    with Store(settings(home)) as store:
        assert seen(store.get("default")) == expected
        assert assert_answers(store.get("default"), NEW) == len(expected)
        former = store.generations("default").get("former")
        assert former is not None
        assert former.info.chunks == 3 * DOCUMENTS
        assert store.generations("default").get("next") is None
        assert store.check() == []
        with store._database.read() as connection:
            assert connection.execute("SELECT count(*) FROM collections").fetchone() == (2,)


def test_killed_at_random_moments_while_others_ask(tmp_path):
    expected = filled(tmp_path)
    reader = start("ask", tmp_path)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "ready\n"
    chance = random.Random(20)
    for _ in range(KILLS):
        process = start("switch", tmp_path)
        assert process.stdout is not None
        for _ in range(chance.randint(1, 5)):
            process.stdout.readline()
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
        process.communicate()
    assert finish(start("switch", tmp_path)).endswith("done")
    told = finish(reader)
    assert told.endswith("failed 0"), told
    assert_switched(tmp_path, expected)


@pytest.mark.parametrize(
    "where",
    [
        "after:row:1",  # the row is there in the transaction only
        "before:put:2",  # while the next index's vectors are handed to Chroma
        "after:settle:1",
        "before:store:30",
        "before:rename:2",  # one is renamed, the other is not: all within one transaction
        "before:over:1",
        "after:over:1",
    ],
)
def test_killed_at_a_chosen_point(tmp_path, where):
    expected = filled(tmp_path)
    die(tmp_path, f"switch:{where}")
    changed_over = where == "after:over:1"
    with Store(settings(tmp_path)) as store:
        live = store.get("default")
        assert (live.info.embedding == NEW.identity) == changed_over
        if not changed_over:
            assert assert_answers(live, OLD) == DOCUMENTS
        assert seen(live) == expected
    if not changed_over:
        with Store(settings(tmp_path)) as store:
            switch(store, settings(tmp_path), NEW)
    assert_switched(tmp_path, expected)


@pytest.mark.parametrize(
    "where", ["after:record:1", "before:store:1", "after:put:1", "before:forget:1"]
)
def test_a_rollback_that_is_killed_loses_nothing(tmp_path, where, monkeypatch):
    monkeypatch.setattr(rollback, "_model_of", lambda *_: OLD)
    own = settings(tmp_path)
    filled(tmp_path)
    with Store(own) as store:
        switch(store, own, NEW)
        add(store.get("default"), NEW, *(document(n) for n in range(100, 110)))
        with store.get("default").writer(1) as writer:
            writer.forget("/docs/3.txt")
        expected = seen(store.get("default"))
    die(tmp_path, f"back:{where}")
    with Store(own) as store:
        generations = store.generations("default")
        rolled_back = store.get("default").info.embedding == OLD.identity
        assert rolled_back == ("record" not in where)
        assert assert_answers(store.get("default"), OLD if rolled_back else NEW) >= DOCUMENTS
        if not rolled_back:
            generations.roll_back()
        assert rollback.catch_up(store, own, "default")
        assert seen(store.get("default")) == expected
        assert assert_answers(store.get("default"), OLD) == DOCUMENTS + 9
        assert store.check() == []


def test_a_process_that_writes_all_the_while(tmp_path):
    filled(tmp_path)
    writing = start("write", tmp_path)
    assert writing.stdout is not None
    assert writing.stdout.readline() == "ready\n"
    process = start("switch", tmp_path)
    assert process.stdout is not None
    for _ in range(4):
        process.stdout.readline()
    process.kill()
    process.communicate()
    assert finish(start("switch", tmp_path)).endswith("done")
    told = finish(writing).splitlines()
    last = int(told[-1].removeprefix("last "))
    gone = {n - 1 for n in range(1001, last + 1) if n % 3 == 0}
    with Store(settings(tmp_path)) as store:
        live = store.get("default")
        assert ids(live.documents()) == {*range(1, DOCUMENTS + 1), *range(1001, last + 1)} - gone
        assert assert_answers(live, NEW) == DOCUMENTS + last - 1000 - len(gone)
        assert store.check() == []
