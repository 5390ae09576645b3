"""What a large collection does otherwise: narrowed keyword search, counts of terms, upkeep."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from filelock import FileLock
from store_samples import as_format_2, document, make, put, settings, vectors

from rag_app.store import Collection, Store, chroma, embedded, keyword_search, term_counts, upkeep
from rag_app.store.embedded import EmbeddedIndex
from rag_app.store.repair import repair_keywords
from rag_app.types import Filter

WORDS = [f"{name}{n}" for name in ("amber", "bronze", "cedar") for n in range(12)]
QUESTION = "amber0 amber3 bronze5 cedar9 amber7 bronze1 nowhere"


def passages(seed: int, count: int) -> list[str]:
    """Texts of words of which the first are common and the last rare."""
    chance = random.Random(seed)
    weights = [1 / (1 + place) for place in range(len(WORDS))]
    return [
        " ".join(chance.choices(WORDS, weights, k=chance.randrange(5, 30))) for _ in range(count)
    ]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory):
    with Store(settings(tmp_path_factory.mktemp("large"))) as store:
        made = make(store)
        folders = [("/a", 1), ("/b", 2), ("/b", 3), ("/c", 4)]
        with made.writer(5, deferred=True) as writer:
            for folder, seed in folders:
                sources = (f"{folder}/{seed}.txt",)
                writer.put(*document(seed, passages(seed, 60), sources, ("cedar9 report",)))
        yield made


def narrowing(monkeypatch: pytest.MonkeyPatch, **changes: int) -> None:
    for name, value in ({"_SCORED": 0} | changes).items():
        monkeypatch.setattr(keyword_search, name, value)


FILTERS = {
    "all": None,
    "folder": Filter(folders=("b",)),
    "document": Filter(documents=("4.txt",)),
    "nothing": Filter(folders=("z",)),
}


@pytest.mark.parametrize(
    "changes", [{}, {"_PASSED": 0}, {"_READ": 40}], ids=["by FTS5", "here", "listed and passing"]
)
@pytest.mark.parametrize("where", FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize(
    "question", [QUESTION, "bronze1", 'amber7 "amber0 amber1"', "AB-12 amber9", "1"]
)
def test_a_narrowed_search_finds_what_a_whole_one_finds(
    collection: Collection,
    monkeypatch: pytest.MonkeyPatch,
    question: str,
    where: Filter | None,
    changes: dict[str, int],
) -> None:
    whole = collection.search_keywords(question, 20, where)
    narrowing(monkeypatch, **changes)
    narrowed = collection.search_keywords(question, 20, where)
    assert [id_ for id_, _ in narrowed] == [id_ for id_, _ in whole]
    assert dict(narrowed) == pytest.approx(dict(whole))


def test_a_filter_that_lets_many_through_is_asked_of_the_listed(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag_app.store.filtering.FEW", 0)
    where = Filter(folders=("a", "b"))
    whole = collection.search_keywords(QUESTION, 20, where)
    narrowing(monkeypatch)
    assert collection.search_keywords(QUESTION, 20, where) == whole


def test_common_terms_that_are_not_listed_count_all_the_same(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = dict(collection.search_keywords(QUESTION, 1000))
    narrowing(monkeypatch, _LISTED=60)
    narrowed = dict(collection.search_keywords(QUESTION, 50))
    assert narrowed
    assert narrowed == pytest.approx({id_: whole[id_] for id_ in narrowed})
    assert max(whole, key=whole.__getitem__) in narrowed


def counted(collection: Collection) -> dict[str, int]:
    """The counts, as they must be: from the texts of the keyword index."""
    with collection._reading() as connection:
        rows = connection.execute(
            f"SELECT body, headings, names FROM keywords_{collection.key}"
        ).fetchall()
    found: Counter[str] = Counter()
    for row in rows:
        found.update(set(" ".join(row).split()))
        found[" "] += len(" ".join(row).split())
        found[""] += 1
    return dict(found)


def kept(collection: Collection) -> dict[str, int]:
    with collection._reading() as connection:
        return dict(
            connection.execute(f"SELECT * FROM keywords_{collection.key}_counts").fetchall()
        )


def test_counts_of_terms_follow_every_change(tmp_path: Path) -> None:
    with Store(settings(tmp_path)) as store:
        made = make(store)
        assert kept(made) == {}
        put(
            made, document(1, ["amber amber cedar", "bronze 北京大学"], ("/x/one.txt",), ("Cedar",))
        )
        put(made, document(2, ["amber 3.5 AB-12", "cedar"], ("/x/two.txt",)))
        assert kept(made) == counted(made)
        with made.writer(5, deferred=True) as writer:
            writer.point("/y/more.txt", document(1)[0].id)  # another name
            writer.point("/x/two.txt", document(1)[0].id)  # the second document goes
        assert len(made.documents()) == 1
        assert kept(made) == counted(made)
        with made.writer(5, deferred=True) as writer:
            writer.delete(document(1)[0].id)
        assert kept(made).keys() <= {"", " "}  # no word of a deleted document stays


def test_counts_are_made_for_a_store_of_an_older_version(tmp_path: Path) -> None:
    with Store(settings(tmp_path)) as store:
        made = make(store)
        put(made, document(1, passages(1, 20), headings=("amber1",)))
        expected, hits = counted(made), made.search_keywords(QUESTION, 10)
        with store._database.write() as connection:
            term_counts.drop(connection, f"keywords_{made.key}")
            as_format_2(connection)
    with Store(settings(tmp_path)) as store:
        again = store.get("default")
        assert kept(again) == expected
        assert again.search_keywords(QUESTION, 10) == hits


def test_repair_counts_anew(tmp_path: Path) -> None:
    with Store(settings(tmp_path)) as store:
        made = make(store)
        put(made, document(1, ["amber", "bronze"]), document(2, ["cedar"]))
        expected = counted(made)
        with store._database.write() as connection:
            connection.execute(f"DELETE FROM keywords_{made.key} WHERE rowid = 1")
            repair_keywords(connection, made.key)
        assert kept(made) == counted(made) == expected


def test_each_batch_of_upkeep_reads_its_own_passages_only(tmp_path: Path) -> None:
    """A sort of all that wait, once for each batch, made upkeep quadratic."""
    with Store(settings(tmp_path)) as store:
        made = make(store)
        statements: list[str] = []
        with store._database.read() as connection:
            connection.set_trace_callback(statements.append)
        upkeep._pending(store._database, made.key, upkeep.BATCH)
        (asked,) = (one for one in statements if "FROM pending AS p" in one)
        with store._database.read() as connection:
            connection.set_trace_callback(None)
            plan = connection.execute(f"EXPLAIN QUERY PLAN {asked}").fetchall()
        assert not [row for row in plan if "TEMP B-TREE" in row[-1]]


def test_a_search_does_not_wait_long_for_the_index_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 0)
    monkeypatch.setattr(embedded, "SEARCH_WAIT_S", 0.1)
    with Store(settings(tmp_path)) as store:
        made = make(store)
        put(made, document(1, 8))
        question = vectors(1, 1)[0]
        expected = made.search_dense(question, 3)
        with FileLock(tmp_path / "locks" / "chroma.lock"):  # as another process does
            found = made.search_dense(question, 3)
        assert [id_ for id_, _ in found] == [id_ for id_, _ in expected]


def test_the_graph_of_a_small_collection_is_built_when_searches_ask_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[str] = []
    settle = chroma.Engine.settle

    def counted_settle(engine: chroma.Engine, name: str) -> None:
        settled.append(name)
        settle(engine, name)

    monkeypatch.setattr(chroma.Engine, "settle", counted_settle)
    monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 10)
    with Store(settings(tmp_path)) as store:
        made = make(store)
        put(made, document(1, 8))
        assert store.check("default") == []
        assert not settled
        expected = made.search_dense(vectors(1, 1)[0], 20)
        put(made, document(2, 8))  # large enough now, with the eight from before
        assert len(settled) == 1
        found = made.search_dense(vectors(1, 1)[0], 20)
        assert {id_ for id_, _ in expected} < {id_ for id_, _ in found}
        assert len(found) == 16
    monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 100)
    with Store(settings(tmp_path)) as store:
        made = store.get("default")
        with made.writer(5) as writer:
            writer.delete(document(2, 8)[0].id)
        put(made, document(3, 8))
        assert len(settled) == 1
        monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 0)
        found = made.search_dense(vectors(3, 1)[0], 20)
        assert len(settled) == 2  # by the search, which finds what this process added unasked
        assert len(found) == 16
        assert found[0][1] == pytest.approx(1)
        assert store.check("default") == []


@pytest.mark.parametrize(
    ("passages", "breadth"),
    [(0, 1000), (125_000, 1000), (125_001, 2000), (1_000_000, 8000), (10**9, 16_000)],
)
def test_searches_look_at_more_of_a_larger_index(passages, breadth):
    assert chroma.breadth(passages) == breadth


def test_an_index_is_widened_as_it_grows_and_answers_as_before(tmp_path, monkeypatch):
    monkeypatch.setattr(chroma, "WELL_FOUND", 15)
    monkeypatch.setattr(upkeep, "WELL_FOUND", 15)
    monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 0)
    with Store(settings(tmp_path)) as store:
        made = make(store)
        with made.writer(5) as writer:
            writer.put(*document(1, passages(1, 10)))
        assert searched(made) == 1000
        with made.writer(5) as writer:
            writer.put(*document(2, passages(2, 40)))
        assert searched(made) == 4000
        put(made, document(3, passages(3, 5)))
        assert searched(made) == 4000
        vector = vectors(1, 10)[3]
        assert made.search_dense(vector, 1)[0][1] == pytest.approx(1)
        assert store.check() == []


def searched(collection: Collection) -> int | None:
    with collection._reading() as connection:  # nothing else tells the name of its index
        [(name,)] = connection.execute("SELECT name FROM indexes").fetchall()
    with collection._index._using(name, "read") as engine:
        return engine.breadth(name)
