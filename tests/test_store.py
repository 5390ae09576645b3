"""The contract of the store, on the embedded Chroma and on a real server."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from chroma_server import chroma_server
from store_samples import (
    DIMENSION,
    assert_whole,
    document,
    make,
    put,
    settings,
    vectors,
)

from rag_app.errors import (
    CollectionExistsError,
    CollectionNotFoundError,
    EmbeddingMismatchError,
    StoreBusyError,
    StoreError,
    StoreUnavailableError,
    UsageError,
)
from rag_app.store import Collection, Store
from rag_app.store.embedded import EmbeddedIndex
from rag_app.types import ChunkingIdentity, EmbeddingIdentity, Filter


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with chroma_server(tmp_path_factory.mktemp("chroma-server")) as url:
        yield url


@pytest.fixture(
    params=["embedded", "small", pytest.param("server", marks=pytest.mark.chroma_server)]
)
def url(request, monkeypatch):
    """Address of the server, or None; the embedded Chroma is asked unless "small"."""
    if request.param == "embedded":
        monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 0)
    return request.getfixturevalue("server") if request.param == "server" else None


@pytest.fixture
def store(tmp_path, url):
    with Store(settings(tmp_path, url)) as opened:
        yield opened
        assert opened.check() == []


@pytest.fixture
def collection(store) -> Collection:
    return make(store)


def dense_ids(collection, seed, k=3, **kwargs):
    return [id_ for id_, _ in collection.search_dense(vectors(seed, 1)[0], k, **kwargs)]


def test_document_comes_back_as_it_was_put(collection):
    item = document(1, 3, ("/b.txt", "/a.txt"), ("Part", "Ünïcode"))
    put(collection, item)
    record, chunks, made = item
    assert collection.documents() == [record]
    assert collection.document(record.id) == record
    assert collection.document_at("/a.txt") == record
    assert collection.chunks(record.id) == chunks
    assert collection.paths() == {"/a.txt": record.id, "/b.txt": record.id}
    assert collection.fetch([chunks[2].id, "unknown"]) == {chunks[2].id: (chunks[2], record)}
    assert collection.document("unknown") is None
    assert collection.document_at("/unknown") is None
    found = collection.search_dense(made[1], 2)
    assert found[0] == (chunks[1].id, pytest.approx(1, abs=1e-5))
    assert found[1][1] < found[0][1]


def test_info_counts_and_keeps_the_identities(store):
    embedding = EmbeddingIdentity(
        "a:b?c=d", "0" * 64, DIMENSION, 512, False, "query: ", "„passage: "
    )
    chunking = ChunkingIdentity(120, 16, 3)
    collection = store.create("kept", embedding, chunking)
    before = collection.info
    put(collection, document(1, 3), document(2, 4))
    info = store.get("kept").info
    assert (info.embedding, info.chunking) == (embedding, chunking)
    assert (info.documents, info.chunks) == (2, 7)
    assert before.updated_at < info.updated_at
    assert info.created_at == before.created_at
    assert store.collections() == [info]


def test_dense_search_agrees_with_exact_search(collection):
    items = [document(n, 4) for n in range(1, 121)]
    with collection.writer(1) as writer:
        writer.put_many(items)
    ids = [chunk.id for _, chunks, _ in items for chunk in chunks]
    matrix = np.concatenate([made for _, _, made in items])
    for query in vectors(999, 20):
        expected = np.argsort(-(matrix @ query))[:10]
        found = collection.search_dense(query, 10)
        assert [id_ for id_, _ in found] == [ids[i] for i in expected]
        assert [score for _, score in found] == pytest.approx(
            [float(matrix[i] @ query) for i in expected], abs=1e-5
        )
    assert len(collection.search_dense(matrix[0], 1000)) == 480


def test_a_zero_vector_matches_nothing(collection):
    record, chunks, made = document(1, 3)
    made[1] = 0  # a passage without any word that the model knows
    put(collection, (record, chunks, made))
    assert sorted(id_ for id_, _ in collection.search_dense(made[0], 10)) == [
        chunks[0].id,
        chunks[2].id,
    ]
    assert collection.search_dense(made[1], 10) == []
    only = Filter(documents=(record.id,))
    assert len(collection.search_dense(made[0], 10, only)) == 2


def test_filter_by_document_is_exact(collection):
    put(collection, *(document(n, 3) for n in range(1, 10)))
    wanted = [document(n)[0].id for n in (4, 7)]
    where = Filter(documents=tuple(wanted))
    found = collection.search_dense(vectors(1, 1)[0], 50, where)
    assert len(found) == 6
    assert {chunk.document_id for chunk, _ in collection.fetch(dict(found)).values()} == set(wanted)
    words = collection.search_keywords("passage text", 50, where)
    assert {id_ for id_, _ in words} == {id_ for id_, _ in found}
    nobody = Filter(documents=("nobody.txt",))
    assert collection.search_dense(vectors(1, 1)[0], 5, nobody) == []
    assert collection.search_keywords("passage", 5, nobody) == []


def test_same_content_under_two_paths_is_stored_once(collection):
    record, chunks, made = document(1, sources=("/one.txt",))
    with collection.writer(1) as writer:
        writer.put(record, chunks, made)
        writer.point("/two.txt", record.id)
        assert writer.has(record.id)
    assert [r.sources for r in collection.documents()] == [("/one.txt", "/two.txt")]
    with collection.writer(1) as writer:
        writer.forget("/one.txt")
        assert writer.has(record.id)
        writer.forget("/two.txt")
        assert not writer.has(record.id)
        writer.forget("/never.txt")
    assert dense_ids(collection, 1) == []
    assert collection.search_keywords("passage", 5) == []


def test_changed_file_replaces_its_old_passages(collection):
    old = document(1, sources=("/a.txt",))
    new = document(2, sources=("/a.txt",))
    put(collection, old, document(3))
    put(collection, new)
    assert collection.document_at("/a.txt") == new[0]
    assert collection.document(old[0].id) is None
    assert old[1][0].id not in dense_ids(collection, 1, 10)
    assert collection.search_keywords("number 1", 10)[0][0] != old[1][0].id


def test_point_moves_a_path_and_deletes_what_nothing_holds(collection):
    first, second = document(1, sources=("/a.txt", "/b.txt")), document(2, sources=("/c.txt",))
    put(collection, first, second)
    with collection.writer(1) as writer:
        writer.point("/a.txt", second[0].id)
        assert writer.has(first[0].id)
        writer.point("/b.txt", second[0].id)
        assert not writer.has(first[0].id)
        with pytest.raises(StoreError, match="Ingest the file"):
            writer.point("/b.txt", "unknown")
    assert collection.documents()[0].sources == ("/c.txt", "/a.txt", "/b.txt")
    assert len(collection.search_dense(vectors(1, 1)[0], 10)) == 3


def test_same_document_again_is_replaced_not_doubled(collection):
    record, chunks, made = document(1, 5)
    put(collection, (record, chunks, made))
    shorter = replace(record, chunks=2, sources=("/other.txt",))
    put(collection, (shorter, chunks[:2], made[:2]))
    assert collection.documents()[0].sources == ("/docs/1.txt", "/other.txt")
    assert [chunk.id for chunk in collection.chunks(record.id)] == [c.id for c in chunks[:2]]
    assert len(collection.search_dense(made[4], 10)) == 2


def test_delete_document(collection):
    put(collection, *(document(n) for n in range(1, 4)))
    with collection.writer(1) as writer:
        writer.delete(document(2)[0].id)
        writer.delete("unknown")
    assert [r.id for r in collection.documents()] == [document(n)[0].id for n in (1, 3)]
    assert len(collection.search_dense(vectors(2, 1)[0], 10)) == 6
    assert collection.info.chunks == 6


def test_deleting_most_of_a_collection_leaves_the_rest_findable(collection):
    with collection.writer(1) as writer:
        writer.put_many([document(n) for n in range(1, 201)])
    with collection.writer(1) as writer:
        for n in range(1, 196):
            writer.delete(document(n)[0].id)
        # not flushed yet: the index still holds what the catalog has deleted
        assert len(collection.search_dense(vectors(1, 1)[0], 10)) == 10
    assert assert_whole(collection) == 5
    assert len(collection.search_dense(vectors(1, 1)[0], 50)) == 15


def test_document_without_passages(collection):
    record = document(1, 0)[0]
    put(collection, (record, [], np.empty((0, DIMENSION), np.float32)))
    assert collection.documents() == [record]
    assert dense_ids(collection, 1) == []


def test_readers_see_a_document_before_the_index_does(collection):
    with collection.writer(1) as writer:
        writer.put(*document(1))
        assert collection.search_dense(vectors(1, 1)[0], 1)[0][0] == document(1)[1][0].id


def test_failed_put_many_stores_nothing(collection):
    good, bad = document(1), document(2)
    with collection.writer(1) as writer:
        with pytest.raises(ValueError, match="passages"):
            writer.put_many([good, (bad[0], bad[1][:1], bad[2])])
        with pytest.raises(ValueError, match="another document"):
            writer.put(good[0], bad[1], bad[2])
    assert collection.documents() == []
    assert dense_ids(collection, 1) == []


@pytest.mark.parametrize("shape", [(3, DIMENSION + 1), (3, 1), (3,)])
def test_wrong_dimension_never_reaches_the_index(collection, shape):
    put(collection, document(1))
    record, chunks, _ = document(2)
    with collection.writer(1) as writer, pytest.raises(EmbeddingMismatchError, match="test:small"):
        writer.put(record, chunks, np.ones(shape, np.float32))
    with pytest.raises(EmbeddingMismatchError, match=f"vectors of {DIMENSION} numbers"):
        collection.search_dense(np.ones(shape[1:], np.float32), 3)
    assert assert_whole(collection) == 1


def test_vector_that_is_not_finite_is_refused(collection):
    record, chunks, made = document(1)
    made[1, 1] = np.nan
    with collection.writer(1) as writer, pytest.raises(StoreError, match="not finite"):
        writer.put(record, chunks, made)


def test_collections_do_not_mix(store):
    one, two = make(store, "one"), make(store, "two")
    put(one, document(1))
    put(two, document(2), document(1))
    assert len(one.search_dense(vectors(1, 1)[0], 50)) == 3
    assert len(two.search_dense(vectors(1, 1)[0], 50)) == 6
    store.delete("two")
    assert assert_whole(one) == 1
    with pytest.raises(CollectionNotFoundError, match="deleted"):
        two.documents()
    with pytest.raises(CollectionNotFoundError, match="deleted"), two.writer(1):
        pass
    assert assert_whole(make(store, "two")) == 0


def test_rename_keeps_everything(store):
    collection = make(store, "old")
    put(collection, document(1))
    store.rename("old", "new")
    assert not store.exists("old")
    assert collection.name == "new"
    assert assert_whole(store.get("new")) == 1
    make(store, "third")
    with pytest.raises(CollectionExistsError, match="third"):
        store.rename("new", "third")
    with pytest.raises(CollectionNotFoundError, match="There are: new, third"):
        store.rename("zzz", "fourth")
    with pytest.raises(UsageError, match=r"letters .*, digits"):
        store.rename("new", "a/b")
    store.rename("new", "new")


def test_unknown_collection_names_the_near_ones(store):
    with pytest.raises(CollectionNotFoundError, match="none yet"):
        store.get("default")
    make(store, "reports-2024")
    with pytest.raises(CollectionNotFoundError, match="Did you mean reports-2024"):
        store.get("report-2024")
    with pytest.raises(CollectionExistsError, match="reports-2024"):
        make(store, "reports-2024")
    with pytest.raises(UsageError, match="cannot name a collection"):
        make(store, "no spaces")


def test_one_writer_waits_for_the_other(collection):
    waited: list[float] = []
    with collection.writer(1) as writer:
        writer.put(*document(1))
        start = time.monotonic()
        with (
            pytest.raises(StoreBusyError, match=r"'default'.*0\.2 seconds"),
            collection.writer(0.2, lambda: waited.append(time.monotonic())),
        ):
            pass
        assert time.monotonic() - start >= 0.2
    assert len(waited) == 1
    with collection.writer(0, lambda: waited.append(0)):
        pass
    assert len(waited) == 1


def test_writers_of_several_threads_queue_up_while_others_read(store):
    make(store)
    failures: list[Exception] = []

    def write(start: int) -> None:
        try:
            for n in range(start, start + 10):
                put(store.get("default"), document(n))
        except Exception as error:  # noqa: BLE001 - raised again by the main thread's assertion
            failures.append(error)

    threads = [threading.Thread(target=write, args=(100 * n,)) for n in range(1, 4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert_whole(store.get("default"))
    for thread in threads:
        thread.join()
    assert failures == []
    assert assert_whole(store.get("default")) == 30


def test_sixteen_sessions_ask_while_documents_come_and_go(store):
    collection = make(store)
    put(collection, *(document(n, ["pump of the year", "valve"]) for n in range(1, 21)))
    writing = threading.Event()

    def session(number: int) -> int:
        writing.wait(30)
        found = 0
        for question in vectors(number, 5):
            near = [id_ for id_, _ in collection.search_dense(question, 10)]
            matching = [id_ for id_, _ in collection.search_keywords("pumps", 10)]
            assert len(set(near)) == len(near) == len(matching) == 10
            kept = collection.fetch([*near, *matching])
            assert all(chunk.id == id_ for id_, (chunk, _) in kept.items())
            found += len(kept)
        return found

    with ThreadPoolExecutor(16) as pool, collection.writer(5) as writer:
        sessions = [pool.submit(session, number) for number in range(16)]
        writing.set()
        for number in range(40, 46):
            writer.put(*document(number, ["pump of the day"]))
            writer.delete(document(number - 1)[0].id)
        assert all(one.result(timeout=60) > 50 for one in sessions)


def test_who_asks_a_collection_that_is_deleted_is_told_so(store):
    collection = make(store)
    put(collection, *(document(n) for n in range(1, 9)))
    asking = threading.Barrier(5)
    question = vectors(3, 1)[0]

    def session() -> None:
        asking.wait(30)
        while True:
            ids = [id_ for id_, _ in collection.search_dense(question, 5)]
            ids += [id_ for id_, _ in collection.search_keywords("passage", 5)]
            collection.nearness("passage", ids)
            collection.vectors(ids)
            collection.fetch(ids)

    with ThreadPoolExecutor(4) as pool:
        sessions = [pool.submit(session) for _ in range(4)]
        asking.wait(30)
        store.delete("default")
        for one in sessions:
            with pytest.raises(CollectionNotFoundError, match="was deleted"):
                one.result(timeout=60)


def test_two_stores_in_one_process_share_the_folder(store, tmp_path, url):
    put(make(store), document(1))
    assert dense_ids(store.get("default"), 1, 1)
    with Store(settings(tmp_path, url)) as other:
        put(other.get("default"), *(document(n) for n in range(2, 100)))
        assert assert_whole(store.get("default")) == 99
        put(store.get("default"), document(100))
        assert assert_whole(other.get("default")) == 100
    assert assert_whole(store.get("default")) == 100


def test_error_in_the_block_keeps_what_was_put(collection):
    with pytest.raises(ZeroDivisionError), collection.writer(1) as writer:
        _fail_after(writer.put, document(1))
    assert dense_ids(collection, 1, 1) == [document(1)[1][0].id]
    with collection.writer(1):
        pass


def _fail_after(put_one, item):
    put_one(*item)
    raise ZeroDivisionError


def test_moving_to_another_place_builds_the_index_there(tmp_path, url, server):
    with Store(settings(tmp_path, None if url else server)) as before:
        put(make(before), *(document(n) for n in range(1, 30)))
    with Store(settings(tmp_path, url)) as after:
        collection = after.get("default")
        assert assert_whole(collection) == 29
        assert "another place" in after.check()[0]
        with collection.writer(1):
            pass
        assert after.check() == []
        assert assert_whole(collection) == 29
    with Store(settings(tmp_path, None if url else server)) as back, back.get("default").writer(1):
        pass


def test_a_place_that_does_not_answer_is_not_moved_to(tmp_path):
    with Store(settings(tmp_path)) as before:
        put(make(before), *(document(n) for n in range(1, 30)))
    with (
        Store(settings(tmp_path, "http://127.0.0.1:9")) as mistyped,
        pytest.raises(StoreUnavailableError),
        mistyped.get("default").writer(1),
    ):
        pass
    with Store(settings(tmp_path)) as after:
        assert after.check() == []
        assert assert_whole(after.get("default")) == 29


def test_what_is_being_written_to_is_told_or_left_to_its_writer(tmp_path):
    with Store(settings(tmp_path)) as store:
        with make(store).writer(1):
            (told,) = store.check("default")
            assert "it is being written to" in told
            assert store.check("default", leave_busy=True) == []
        assert store.check("default") == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_close_lets_go_of_files(tmp_path, url):
    def work() -> None:
        with Store(settings(tmp_path, url)) as store:
            put(store.get("default"), document(2))
            store.get("default").search_dense(vectors(2, 1)[0], 1)

    with Store(settings(tmp_path, url)) as store:
        make(store)
    work()
    before = _open_files(tmp_path)
    for _ in range(3):
        work()
    end = time.monotonic() + 5
    while _open_files(tmp_path) > before and time.monotonic() < end:
        time.sleep(0.05)  # Chroma's threads end on their own
    assert _open_files(tmp_path) <= before


def _open_files(folder: Path) -> int:
    links = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return sum(str(link.readlink()).startswith(str(folder)) for link in links)
