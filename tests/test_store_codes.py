"""Exact search by codes: what it finds is what reading every vector finds, whatever changes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from store_samples import DIMENSION, Item, document, make, put, settings, vectors

from rag_app.store import Collection, Store, codes, dense, exact, filtering
from rag_app.store.embedded import EmbeddedIndex
from rag_app.types import Filter

EACH = 30
FOLDERS = {"few": 1, "some": 4, "many": 16}
FILTERS = {name: Filter(folders=(name,)) for name in (*FOLDERS, "none")}
QUESTIONS = vectors(900, 8)


def odd(seed: int, folder: str) -> Item:
    """Passages whose vectors are hard to tell apart, long, short, or zero."""
    record, chunks, made = document(seed, EACH, (f"/{folder}/{seed}.txt",))
    made[:10] = made[0] + vectors(seed + 500, 10) * 1e-4
    made[10] = made[11]
    made[12:15] *= 1000
    made[15:18] *= 1e-20
    made[18] = 0
    made[19] = np.eye(DIMENSION)[seed % DIMENSION]
    return record, chunks, made


@pytest.fixture(autouse=True)
def always_by_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "READ", 0)
    monkeypatch.setattr(codes, "_BLOCK", 7)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(settings(tmp_path)) as opened:
        made = make(opened)
        folders = [folder for folder, count in FOLDERS.items() for _ in range(count)]
        with made.writer(5, deferred=True) as writer:
            for seed, folder in enumerate(folders, start=1):
                writer.put(*odd(seed, folder))
        yield opened


def expected(collection: Collection, vector: np.ndarray, k: int, where: Filter) -> list[object]:
    with collection._reading() as connection:
        condition = collection._filters.resolved(connection, where)
        found = exact.search(connection, collection.key, vector, k, condition)
    return [(id_, cosine) for id_, cosine in found if cosine]


def assert_exact(collection: Collection, k: int = 20) -> None:
    """Cosine by cosine the same, and the same passages but for some that are equally near."""
    for where in FILTERS.values():
        for vector in QUESTIONS:
            found = collection.search_dense(vector, k, where)
            wanted = expected(collection, vector, k, where)
            assert [cosine for _, cosine in found] == [cosine for _, cosine in wanted]
            least = wanted[-1][1] if wanted else 0
            assert [one for one in found if one[1] > least] == [
                one for one in wanted if one[1] > least
            ]


@pytest.mark.parametrize("k", [1, 20, 10_000])
def test_a_filter_that_few_many_or_none_pass(store: Store, k: int) -> None:
    collection = store.get("default")
    assert_exact(collection, k)
    assert collection.search_dense(QUESTIONS[0], k, FILTERS["none"]) == []
    assert collection.search_dense(QUESTIONS[0], k, FILTERS["few"])


def test_few_vectors_are_read_though_all_have_much_in_common(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    among = exact.among

    def noted(connection: object, keys: list[int], *more: object) -> list[tuple[str, float]]:
        read.append(len(keys))
        return among(connection, keys, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(exact, "among", noted)
    common = 10 * np.eye(DIMENSION, dtype=np.float32)[5]
    with Store(settings(tmp_path)) as store:
        collection = make(store)
        with collection.writer(5, deferred=True) as writer:
            for seed in range(1, 41):
                record, chunks, made = document(seed, EACH, (f"/many/{seed}.txt",))
                writer.put(record, chunks, made + common)
        for vector in QUESTIONS + common:
            found = collection.search_dense(vector, 5, FILTERS["many"])
            assert found == expected(collection, vector, 5, FILTERS["many"])
    assert max(read) < 100


def test_what_others_add_and_delete_is_seen(store: Store, tmp_path: Path) -> None:
    collection = store.get("default")
    assert_exact(collection)
    with Store(settings(tmp_path)) as other, other.get("default").writer(5, deferred=True) as at:
        for seed in (1, 3, 7, 8):
            at.delete(document(seed)[0].id)
        at.put(*odd(50, "some"))
        at.put(*odd(51, "none"))
        at.put(*document(9, 2, ("/few/9.txt",)))  # new content, another folder
    assert_exact(collection)
    assert len(collection.search_dense(QUESTIONS[0], 99, FILTERS["few"])) == 2
    found = collection.search_dense(QUESTIONS[0], 99, FILTERS["none"])
    assert len(found) == EACH - 1  # the zero vector is near to nothing


def test_codes_of_what_is_gone_take_no_room(store: Store) -> None:
    collection = store.get("default")
    for seed in range(60, 75):
        with collection.writer(5, deferred=True) as writer:
            writer.put(*odd(seed, "few"))
            writer.delete(document(seed - 1)[0].id)
        assert_exact(collection, 5)
    known = collection._codes._known
    assert known is not None
    assert len(known.codes) <= collection.info.chunks


def test_what_the_index_has_too_few_of_is_found_by_codes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def none_of_them(*_: object) -> set[str]:
        asked.append(True)
        return set()

    for name, value in {"CODED": -1, "_MOST": 10_000, "among": none_of_them}.items():
        monkeypatch.setattr(dense, name, value)
    monkeypatch.setattr(filtering, "FEW", -1)
    monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 0)
    collection = store.get("default")
    put(collection)  # fills the index
    assert_exact(collection, 3)
    assert asked


def test_threads_ask_while_a_writer_writes(store: Store) -> None:
    collection = store.get("default")

    def ask(number: int) -> list[tuple[str, float]]:
        where = FILTERS[("few", "some", "many")[number % 3]]
        return collection.search_dense(QUESTIONS[number % 8], 10, where)

    with ThreadPoolExecutor(4) as threads, collection.writer(5, deferred=True) as writer:
        asked = [threads.submit(ask, number) for number in range(24)]
        for seed in range(80, 84):
            writer.put(*odd(seed, "some"))
        found = [one.result() for one in asked]
    assert_exact(collection)
    for number, one in enumerate(found):
        if number % 3 != 1:  # what others have written to may have been asked before or after
            assert one == ask(number)


@pytest.mark.parametrize("lost", ["chunk % 3 = 0", "1"], ids=["some", "all"])
def test_a_passage_without_a_vector_is_left_out(store: Store, lost: str) -> None:
    collection = store.get("default")
    with store._database.write() as connection:
        connection.execute(f"DELETE FROM vectors WHERE {lost}")
    assert_exact(collection)
