"""Switching a collection to another embedding model, and back; on both backends."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from chroma_server import chroma_server
from store_samples import (
    CHUNKING,
    DIMENSION,
    as_format_2,
    document,
    make,
    put,
    settings,
    vectors,
)
from switch_samples import add, assert_answers, assert_whole, file_item, ids, model, seen, switch

from ingest.clean import clean_pages
from ingest.load import load_document
from ingest.recut import chunking_after
from ingest.rollback import catch_up
from ingest.switch import open_switch, plan_switch
from ingest.target import Target
from rag_app.embeddings import cached
from rag_app.errors import (
    CollectionNotFoundError,
    CollectionSwitchedError,
    StoreBusyError,
    StoreError,
    UsageError,
)
from rag_app.settings import load_settings
from rag_app.store import Store
from rag_app.store.embedded import EmbeddedIndex
from rag_app.types import ChunkingIdentity, EmbeddingIdentity

NEW = model()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with chroma_server(tmp_path_factory.mktemp("chroma-server")) as url:
        yield url


@pytest.fixture(
    params=["embedded", "small", pytest.param("server", marks=pytest.mark.chroma_server)]
)
def own(request, monkeypatch, tmp_path):
    """Settings for the embedded Chroma (asked, or spared as if small), or for a server."""
    if request.param == "embedded":
        monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 0)
    url = request.getfixturevalue("server") if request.param == "server" else None
    return settings(tmp_path, url)


@pytest.fixture
def plain(tmp_path):
    return settings(tmp_path)


def opened(own, count=6):
    store = Store(own)
    put(make(store), *(document(n) for n in range(1, count + 1)))
    return store


def test_a_switch_keeps_everything_but_the_vectors(own):
    with opened(own) as store:
        put(
            store.get("default"),
            document(50, 4, ("/b.txt", "/a.txt"), ("Part", "Ünïcode")),
            (replace(document(51)[0], title="A title"), *document(51)[1:]),
        )
        held, before = store.get("default"), seen(store.get("default"))
        switch(store, own, NEW)
        now = store.get("default")
        assert seen(now) == before
        assert now.info.embedding == NEW.identity
        assert [info.name for info in store.collections()] == ["default"]
        assert assert_answers(now, NEW) == 8
        assert now.chunk_ids() == held.chunk_ids()
        # what was open before goes on with the index and the vectors that it knows
        assert assert_whole(held) == 8
        assert (held.name, held.info.role, now.info.role) == ("default", "former", "live")
        assert now.search_keywords("passage text number 3", 1)
        assert store.check() == []


def test_what_comes_changes_and_goes_during_the_build_is_right_in_both(own):
    with opened(own, 40) as store:
        live = store.get("default")
        calls = []

        def meanwhile(progress):
            calls.append(progress)
            if len(calls) == 1:
                put(live, document(60), document(61, 3, ("/docs/2.txt",)))  # new, and changed
                with live.writer(1) as writer:
                    writer.forget("/docs/3.txt")
                    writer.point("/again.txt", document(4)[0].id)
                    writer.point("/moved.txt", document(5)[0].id)
                    writer.forget("/docs/5.txt")

        plan = plan_switch(store, own, "default", NEW, "new")
        with open_switch(store, own, plan, NEW) as opened_:
            assert opened_.build(meanwhile)
            assert calls[-1].chunks_done > 0
            assert seen(opened_.following) == seen(live)
            put(live, document(62))
            assert opened_.change_over()
        now = store.get("default")
        assert ids(now.documents()) == {1, 4, *range(5, 41), 60, 61, 62}
        assert seen(now) == seen(live)
        assert assert_answers(now, NEW) == 41
        assert store.check() == []


def test_files_that_change_places_and_orders_end_up_the_same(plain):
    with opened(plain) as store:
        live = store.get("default")

        def swapped():
            one, two = document(1), document(2)
            with live.writer(1) as writer:
                writer.point("/spare", one[0].id)
                writer.point("/docs/1.txt", two[0].id)
                writer.point("/docs/2.txt", one[0].id)
                writer.forget("/spare")
                writer.point("/docs/3b.txt", document(3)[0].id)
                writer.forget("/docs/3.txt")
                writer.point("/docs/3.txt", document(3)[0].id)
                writer.put(*document(7, 3, ("/docs/4.txt",)))
                writer.put(*document(4, 3, ("/docs/4moved.txt",)))

        switch(store, plain, NEW, between=swapped)
        assert seen(store.get("default")) == seen(live)
        assert store.get("default").document(document(3)[0].id).sources[0] == "/docs/3b.txt"
        assert assert_answers(store.get("default"), NEW) == 7
        found = store.get("default").search_keywords("4moved", 1)
        assert found[0][0] == document(4)[1][0].id
        assert store.check() == []


def test_a_document_ingested_again_by_force_is_carried_over_again(plain):
    with opened(plain) as store:
        live = store.get("default")
        record, chunks, made = document(2, ["another reading of the file"])
        again = replace(record, added_at=datetime(2026, 5, 5, tzinfo=UTC))
        switch(store, plain, NEW, between=lambda: put(live, (again, chunks, made)))
        assert seen(store.get("default")) == seen(live)


def test_a_writer_that_waited_across_a_changeover_writes_nothing_into_the_former(plain):
    with opened(plain) as store:
        live = store.get("default")
        errors, reopened = [], []
        waiting = threading.Barrier(3)

        def stubborn():
            try:
                with live.writer(10, waiting.wait) as writer:
                    writer.put(*document(70))
            except StoreError as error:
                errors.append(error)

        def ingestion():
            with Target(store, plain, "default", waiting.wait) as target:
                target.writer().forget("/docs/1.txt")
                reopened.append(target.existing().key)

        plan = plan_switch(store, plain, "default", NEW, "new")
        with open_switch(store, plain, plan, NEW) as opened_:
            opened_.build()
            threads = [threading.Thread(target=one) for one in (stubborn, ingestion)]
            with opened_._generations.holding(live):
                for thread in threads:
                    thread.start()
                waiting.wait(10)
                opened_._generations.change_over(live, opened_.following)
        for thread in threads:
            thread.join()
        assert [type(error) for error in errors] == [CollectionSwitchedError]
        assert "run the command again" in str(errors[0])
        assert ids(live.documents()) == set(range(1, 7))
        assert reopened == [store.get("default").key]
        assert ids(store.get("default").documents()) == set(range(2, 7))


def test_what_is_written_while_the_changeover_waits_is_carried_over(plain):
    with opened(plain) as store:
        live = store.get("default")
        holds, waits = threading.Event(), threading.Event()

        def writer():
            with live.writer(5) as open_writer:
                holds.set()
                waits.wait(10)
                open_writer.put(*document(80))
                open_writer.forget("/docs/1.txt")

        plan = plan_switch(store, plain, "default", NEW, "new")
        with open_switch(store, plain, plan, NEW) as opened_:
            opened_.build()
            thread = threading.Thread(target=writer)
            thread.start()
            holds.wait(10)
            assert opened_.change_over(on_wait=waits.set)
            thread.join()
        assert ids(store.get("default").documents()) == {2, 3, 4, 5, 6, 80}
        assert assert_answers(store.get("default"), NEW) == 6
        assert store.check() == []


def test_interrupted_and_resumed_without_embedding_again(plain):
    with opened(plain, 100) as store:
        plan = plan_switch(store, plain, "default", NEW, "new")
        first = model()
        with open_switch(store, plain, plan, first) as opened_:
            assert not opened_.build(stop=lambda: bool(first.asked))
        assert assert_whole(store.get("default")) == 100
        plan = plan_switch(store, plain, "default", NEW, "new")
        assert plan.resumes
        assert plan.begun.role == "next"
        held = plan.begun.chunks
        second = model()
        with open_switch(store, plain, plan, second) as opened_:
            assert opened_.build()
        assert len(second.asked) == 300 - held
        plan = plan_switch(store, plain, "default", NEW, "new")
        third = model()
        with open_switch(store, plain, plan, third) as opened_:
            assert not opened_.change_over(stop=lambda: True) or third.asked == []
        assert store.check() == []


def test_stopping_keeps_what_is_stored_so_far(plain):
    with opened(plain, 200) as store:
        plan = plan_switch(store, plain, "default", NEW, "new")
        steps = []
        with open_switch(store, plain, plan, NEW) as opened_:
            assert not opened_.build(steps.append, lambda: bool(steps) and steps[-1].done > 0)
        held = plan_switch(store, plain, "default", NEW, "new").begun
        assert 0 < held.documents < 200
        assert steps[-1].chunks_known == 600


def test_another_model_starts_anew_and_two_builders_exclude_each_other(plain):
    with opened(plain) as store:
        plan = plan_switch(store, plain, "default", NEW, "new")
        with open_switch(store, plain, plan, NEW) as opened_:
            opened_.build()
            again = plan_switch(store, plain, "default", NEW, "new")
            with pytest.raises(StoreBusyError, match="switching the collection"):
                open_switch(store, plain, again, NEW).__enter__()
            other = model("other", dimension=4)
            with pytest.raises(StoreBusyError, match="changing the index"):
                open_switch(
                    store, plain, plan_switch(store, plain, "default", other, "o"), other
                ).__enter__()
        plan = plan_switch(store, plain, "default", other, "other")
        assert not plan.resumes
        assert plan.begun.embedding.spec == "new"
        with open_switch(store, plain, plan, other) as opened_:
            assert opened_.following.info.documents == 0
            assert opened_.change_over()
        assert assert_answers(store.get("default"), other) == 6
        assert not plan_switch(store, plain, "default", other, "other").is_needed


def test_rollback_is_instant_and_takes_over_what_happened_since(own, monkeypatch):
    monkeypatch.setattr("ingest.rollback._model_of", lambda *_: OLD)
    with opened(own) as store:
        generations = store.generations("default")
        old = store.get("default")
        switch(store, own, NEW)
        add(store.get("default"), NEW, document(60), document(61, 3, ("/docs/2.txt",)))
        with store.get("default").writer(1) as writer:
            writer.forget("/docs/3.txt")
            writer.point("/moved.txt", document(4)[0].id)
            writer.forget("/docs/4.txt")
        expected = seen(store.get("default"))
        owed = generations.roll_back()
        assert (owed.added, owed.changed, owed.moved, owed.removed) == (1, 1, 1, 2)
        assert store.get("default").key == old.key
        assert old.info.role == "live"
        assert any("rag rollback default --catch-up" in problem for problem in store.check())
        assert not catch_up(store, own, "default", stop=lambda: True)
        assert catch_up(store, own, "default")
        assert seen(store.get("default")) == expected
        assert generations.debts().total == 0
        assert store.check() == []
        # and forward again, with nothing left to do
        assert generations.roll_back().total == 0
        assert assert_answers(store.get("default"), NEW) == 6
        assert seen(store.get("default")) == expected


OLD = model("test:small", fingerprint="f" * 64, dimension=DIMENSION, max_tokens=64)


def test_forward_again_before_catching_up_loses_nothing(plain, monkeypatch):
    monkeypatch.setattr("ingest.rollback._model_of", lambda *_: OLD)
    with opened(plain) as store:
        generations = store.generations("default")
        switch(store, plain, NEW)
        add(store.get("default"), NEW, document(60))
        with store.get("default").writer(1) as writer:
            writer.forget("/docs/3.txt")
        expected = seen(store.get("default"))
        assert generations.roll_back().total == 2
        # a file that is ingested now is newer than what the former index says of it
        with store.get("default").writer(1) as writer:
            writer.forget("/docs/1.txt")
        assert generations.roll_back().total == 1
        assert seen(store.get("default")) == expected
        monkeypatch.setattr("ingest.rollback._model_of", lambda *_: NEW)
        assert catch_up(store, plain, "default")
        assert ids(store.get("default").documents()) == {2, 4, 5, 6, 60}
        assert generations.roll_back().total == 2


def test_what_is_written_after_a_rollback_is_newer_than_what_is_owed(plain, monkeypatch):
    monkeypatch.setattr("ingest.rollback._model_of", lambda *_: OLD)
    with opened(plain) as store:
        switch(store, plain, NEW)
        add(
            store.get("default"),
            NEW,
            document(60, 3, ("/docs/1.txt",)),
            document(61, 3, ("/docs/2.txt",)),
            document(62, 3, ("/docs/3.txt",)),
        )
        store.generations("default").roll_back()
        put(store.get("default"), document(70, 3, ("/docs/1.txt",)))
        with store.get("default").writer(1) as writer:
            writer.delete(document(2)[0].id)
        assert catch_up(store, plain, "default")
        assert ids(store.get("default").documents()) == {70, 62, 4, 5, 6}


def test_debts_hold_back_what_would_lose_them(plain):
    with opened(plain) as store:
        generations = store.generations("default")
        switch(store, plain, NEW)
        add(store.get("default"), NEW, document(60))
        generations.roll_back()
        with pytest.raises(StoreError, match="--catch-up"):
            generations.discard("former")
        with pytest.raises(StoreError, match="--catch-up"):
            switch(store, plain, model("third"))
        assert generations.get("former") is not None
        generations.roll_back()
        assert generations.discard("former").passages == 18


def test_a_second_switch_drops_the_older_former(plain):
    with opened(plain) as store:
        first = store.get("default")
        switch(store, plain, NEW)
        second = store.get("default")
        switch(store, plain, model("third"))
        assert second.info.role == "former"
        with pytest.raises(CollectionNotFoundError, match="Open it again"):
            first.search_dense(vectors(1, 1)[0], 1)
        assert store.generations("default").discard("former").bytes > 0
        with pytest.raises(StoreError, match="no former index"):
            store.generations("default").roll_back()
        assert store.check() == []
        with store._database.read() as connection:
            assert connection.execute("SELECT count(*) FROM collections").fetchone() == (1,)
            assert connection.execute("SELECT count(*) FROM discarded").fetchone() == (0,)


def test_renaming_and_deleting_take_all_indexes_along(own):
    with opened(own) as store:
        switch(store, own, NEW)
        third = model("third")
        plan = plan_switch(store, own, "default", third, "third")
        with open_switch(store, own, plan, third) as opened_:
            opened_.build()
            store.rename("default", "renamed")  # also while the next one is being built
            add(store.get("renamed"), NEW, document(60))
            assert opened_.change_over()
        assert assert_answers(store.get("renamed"), third) == 7
        generations = store.generations("renamed")
        assert generations.get("former").info.embedding == NEW.identity
        begun = plan_switch(store, own, "renamed", NEW, "new")
        with open_switch(store, own, begun, NEW) as opened_:
            opened_.build()
        store.delete("renamed")
        assert store.collections() == []
        assert store.check() == []
        with store._database.read() as connection:
            assert connection.execute("SELECT count(*) FROM collections").fetchone() == (0,)
            assert connection.execute("SELECT count(*) FROM chunks").fetchone() == (0,)


def test_a_rollback_or_deletion_during_the_build_stops_the_changeover_only(plain):
    with opened(plain) as store:
        switch(store, plain, NEW)
        third = model("third")

        def rolled_back():
            store.generations("default").roll_back()

        with pytest.raises(StoreError, match="Run rag switch again"):
            switch(store, plain, third, between=rolled_back)
        assert assert_whole(store.get("default")) == 6
        switch(store, plain, third)
        assert assert_answers(store.get("default"), third) == 6


def test_hidden_indexes_have_no_name_that_a_user_could_give(plain):
    with opened(plain) as store:
        switch(store, plain, NEW)
        for name in ("default#former", "default#next", "#"):
            assert not store.exists(name)
            with pytest.raises(CollectionNotFoundError) as caught:
                store.get(name)
            assert "There are" in str(caught.value) or "Did you mean default?" in str(caught.value)
            with pytest.raises(UsageError):
                store.create(name, NEW.identity, CHUNKING)
        former = store.generations("default").get("former")
        with store._database.write() as connection:
            connection.execute("DELETE FROM vectors WHERE chunk IN (SELECT min(key) FROM chunks)")
        [problem] = [one for one in store.check() if "no vector" in one]
        assert problem.startswith("Former index of the collection 'default': 1 passages")
        assert "rag collections prune default" in problem
        assert former.name == "default"


def test_going_back_to_a_known_model_costs_nothing(tmp_path):
    own = load_settings({"home": tmp_path, "cache": tmp_path / "cache"}, environ={})
    files = [tmp_path / f"{n}.txt" for n in range(4)]
    with Store(own) as store:
        first = cached(OLD, own)
        collection = store.create("default", first.identity, ChunkingIdentity(20, 0))
        for number, path in enumerate(files):
            path.write_text(TEXT.replace("ship", f"ship {number}"))
            put(collection, file_item(path, first, ChunkingIdentity(20, 0)))
        before = seen(collection)
        switch(store, own, model("short", max_tokens=12))
        assert seen(store.get("default")) != before
        back = cached(OLD, own)
        own = own.override(chunk_tokens=20)
        switch(store, own, back)
        assert (back.misses, back.hits > 0) == (0, True)
        assert seen(store.get("default")) == before


TEXT = "\n\n".join(
    f"The ship number {n} left the harbour at dawn; it carried grain, wool and {n} passengers."
    f" Nobody knew where the {n} went, and nobody asked {n} times."
    for n in range(1, 9)
)


@pytest.fixture
def shipping(tmp_path):
    """A collection from a real file, with passages of twenty words."""
    own = settings(tmp_path)
    path = tmp_path / "ships.txt"
    path.write_text(TEXT)
    with Store(own) as store:
        chunking = ChunkingIdentity(20, 0)
        put(store.create("default", OLD.identity, chunking), file_item(path, OLD, chunking))
        yield store, own, path


def page_text(path):
    return clean_pages(load_document(path))[0].text


@pytest.mark.parametrize("gone", ["no", "gone", "changed"])
def test_a_model_that_reads_less_gets_shorter_passages(shipping, gone):
    store, own, path = shipping
    text = page_text(path)
    if gone == "gone":
        path.unlink()
    elif gone == "changed":
        path.write_text("something else")
    short = model("short", max_tokens=12)
    plan = plan_switch(store, own, "default", short, "short")
    assert plan.chunking.size == 12
    with open_switch(store, own, plan, short) as opened_:
        assert opened_.change_over()
        cuts = opened_.cuts
    assert (cuts.from_file, cuts.from_passages) == ((1, 0) if gone == "no" else (0, 1))
    [record] = store.get("default").documents()
    chunks = store.get("default").chunks(record.id)
    assert record.chunks == len(chunks) > 16
    assert [chunk.id for chunk in chunks] == [
        f"{record.id[:32]}-{n:05d}" for n in range(len(chunks))
    ]
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end]
        assert chunk.tokens == short.count_tokens([chunk.text])[0] <= 12
        assert not chunk.truncated
    letters = [c for c in text if c.isalnum()]
    assert [c for chunk in chunks for c in chunk.text if c.isalnum()] == letters
    assert assert_answers(store.get("default"), short) == 1


def test_a_model_that_reads_more_gets_longer_passages_where_the_file_is_there(shipping):
    store, own, path = shipping
    first = store.get("default").documents()[0].chunks
    wide = own.override(chunk_tokens=60)
    switch(store, wide, model("long", max_tokens=512))
    [record] = store.get("default").documents()
    assert record.chunks < first
    switch(store, wide.override(chunk_tokens=20), model("again"))
    path.unlink()
    again = store.get("default").documents()[0].chunks
    switch(store, wide, model("long", max_tokens=512))
    assert store.get("default").documents()[0].chunks == again  # nothing to join them from


def test_passages_too_long_by_the_new_count_are_cut_and_others_kept(shipping):
    store, own, path = shipping
    put(store.get("default"), document(5, ["a short one"]))

    class Letters(type(OLD)):
        def count_tokens(self, texts):
            return [len(text) for text in texts]

    letters = Letters(spec="letters", fingerprint="l", max_tokens=500)
    plan = plan_switch(store, own, "default", letters, "letters")
    with open_switch(store, own, plan, letters) as opened_:
        opened_.change_over()
        assert (opened_.cuts.kept, opened_.cuts.from_file) == (1, 1)
    chunks = store.get("default").chunks(file_item(path, OLD, ChunkingIdentity(20, 0))[0].id)
    assert all(chunk.tokens <= 20 for chunk in chunks)


IDENTITY_256 = EmbeddingIdentity("a", "a", 8, 256)


@pytest.mark.parametrize(
    ("before", "reads", "flags", "expected"),
    [
        ((200, 0), 512, {}, (200, 0)),  # as it was
        ((200, 20), 128, {}, (128, 20)),  # as much as it reads
        ((128, 60), 64, {}, (64, 16)),  # an overlap that would be half and more
        ((256, 0), 512, {}, (256, 0)),  # 256 may be on purpose
        ((200, 0), 512, {"chunk_tokens": 400}, (400, 0)),
        ((200, 0), 128, {"chunk_tokens": 400, "chunk_overlap": 30}, (128, 30)),
    ],
)
def test_chunking_of_the_next_index(before, reads, flags, expected):
    made = chunking_after(
        load_settings(flags, environ={}),
        ChunkingIdentity(*before),
        IDENTITY_256,
        replace(IDENTITY_256, max_tokens=reads),
    )
    assert made == ChunkingIdentity(*expected)


def test_a_size_that_the_former_model_had_forced_is_given_up():
    own = load_settings({}, environ={})
    less = replace(IDENTITY_256, max_tokens=128)
    back = chunking_after(own, ChunkingIdentity(128, 0), less, IDENTITY_256)
    assert back == ChunkingIdentity(200, 0)
    with pytest.raises(UsageError, match="chunk_overlap"):
        chunking_after(own.override(chunk_overlap=64), ChunkingIdentity(128, 0), IDENTITY_256, less)


def test_an_empty_collection_is_switched_too(plain):
    with Store(plain) as store:
        make(store)
        switch(store, plain, NEW)
        put_with_new = store.get("default")
        assert put_with_new.info.embedding == NEW.identity
        assert store.check() == []


def test_a_catalog_of_the_former_version_is_brought_up_to_date(plain, tmp_path):
    with opened(plain) as store:
        before = seen(store.get("default"))
    with sqlite3.connect(tmp_path / "catalog.sqlite3") as connection:
        as_format_2(connection)
        connection.execute("DROP TABLE owed")
        connection.execute("ALTER TABLE collections DROP COLUMN since")
        connection.execute("ALTER TABLE collections DROP COLUMN asked")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    with Store(plain) as store:
        assert seen(store.get("default")) == before
        assert store.get("default").info.since == store.get("default").info.created_at
        switch(store, plain, NEW)
        assert store.check() == []
