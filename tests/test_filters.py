"""Filters: what they are written as, what they let through, the same in every kind of search."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from answering_samples import build, made_settings
from cli_samples import Cli, one_sentence
from embeddings_samples import settings_in
from store_samples import Item, as_format_2, document, make, put, settings, vectors
from switch_samples import model, switch

from ingest import ingest_paths
from rag_app.answering import Assistant
from rag_app.embeddings import embeddings_for
from rag_app.errors import CollectionNotFoundError, UsageError
from rag_app.retrieval import Searcher
from rag_app.retrieval.nothing import nothing_passes
from rag_app.store import Collection, Store, dense, exact, filtering
from rag_app.store.embedded import EmbeddedIndex
from rag_app.types import MARKDOWN, PDF, TEXT, Filter
from rag_app.types.metadata import parse_metadata

GERMAN = "Die Pumpe ist in dem Keller und wird mit der Hand von dem Wart bedient."
ENGLISH = "The pump is in the cellar and it is used by the guard of the house."


def item(seed: int, path: str, media_type: str, text: str = ENGLISH, **more: object) -> Item:
    record, chunks, made = document(seed, [f"{text} {n}" for n in range(4)], (path,))
    return replace(record, media_type=media_type, **more), chunks, made


ITEMS = {
    "may": item(1, "/docs/reports/may.pdf", PDF, modified_at=datetime(2026, 5, 31, 12, tzinfo=UTC)),
    "june": item(
        2,
        "/docs/reports/2026/june.PDF",
        PDF,
        GERMAN,
        modified_at=datetime(2026, 6, 30, 12, tzinfo=UTC),
        metadata=(("tag", "pump"), ("tag", "sale"), ("team", "sales")),
    ),
    "notes": item(3, "/docs/notes.md", MARKDOWN, metadata=(("team", "support"),)),
    "old": item(
        4,
        "/archive/reports/old.txt",
        TEXT,
        "12 40 99 17 3",
        added_at=datetime(2020, 2, 3, tzinfo=UTC),
    ),
}
NAMES = {made[0].id: name for name, made in ITEMS.items()}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(settings(tmp_path_factory.mktemp("filters"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def collection(store: Store) -> Collection:
    made = make(store, "papers")
    put(made, *ITEMS.values())
    return made


def named(collection: Collection, found: list[tuple[str, float]]) -> list[str]:
    """The documents that were found, each as often as its passages."""
    return sorted(NAMES[one[0].document_id] for one in collection.fetch(dict(found)).values())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("document=may.pdf", "may"),
        ("document=reports/may.pdf", "may"),
        ("document=/docs/notes.md", "notes"),
        (f"document={ITEMS['old'][0].id}", "old"),
        ("document=ay.pdf", ""),
        ("document=may.pdf document=notes.md", "may notes"),
        ("folder=reports", "may june old"),
        ("folder=reports/", "may june old"),
        ("folder=/docs", "may june notes"),
        ("folder=/", "may june notes old"),
        ("folder=port", ""),
        ("folder=reports/2026", "june"),
        ("type=pdf", "may june"),
        ("type=.pdf", "may june"),
        ("type=markdown type=txt", "notes old"),
        ("type=word", ""),
        ("language=de", "june"),
        ("language=English", "may notes"),
        ("since=2026-05-31 until=2026-05-31", "may"),
        ("since=2026-06-01", "june"),
        ("until=2020-12-31", "old"),
        ("meta.team=sales", "june"),
        ("meta.team=sales meta.team=support", "june notes"),
        ("meta.team=sales meta.tag=pump", "june"),
        ("meta.team=support meta.tag=pump", ""),
        ("meta.tag=support", ""),
        ("folder=reports type=pdf since=2026-06-01", "june"),
        # What looks like SQL, a pattern or a query is a value like any other.
        ("document=' OR 1=1 --", ""),
        ('document=%.pdf document=*.pdf document="may" OR "june"', ""),
        ("folder=reports' UNION SELECT 1 --", ""),
        ("meta.team=sales') OR ('1'='1", ""),
        ("meta.team=\u0000\ud800", ""),
    ],
)
def test_every_search_looks_at_the_same_passages(
    collection: Collection, given: str, expected: str
) -> None:
    texts = [given] if " OR " in given or "UNION" in given else given.split()
    where = Filter.parse(texts)
    wanted = sorted(name for name in expected.split() for _ in range(4))
    found = collection.search_dense(vectors(9, 1)[0], 1000, where)
    assert named(collection, found) == wanted
    matched = collection.search_keywords("pump Pumpe 12", 1000, where)
    assert named(collection, matched) == wanted
    passing = collection.passing(where)
    assert (passing.documents, passing.passages) == (len(wanted) // 4, len(wanted))
    assert bool(nothing_passes(collection, where)) == (not wanted)
    assert len(collection.documents()) == 4
    # The scores are those of a search without a filter.
    free = dict(collection.search_dense(vectors(9, 1)[0], 1000))
    assert dict(found) == {id_: free[id_] for id_ in dict(found)}


def test_pages_are_those_of_documents_that_have_pages(collection: Collection) -> None:
    def pages(*given: str) -> set[tuple[str, int]]:
        found = collection.search_dense(vectors(9, 1)[0], 99, Filter.parse(given))
        matched = collection.search_keywords("pump Pumpe 12", 99, Filter.parse(given))
        assert {id_ for id_, _ in found} == {id_ for id_, _ in matched}
        assert collection.passing(Filter.parse(given)).passages == len(found)
        return {(NAMES[c.document_id], c.page) for c, _ in collection.fetch(dict(found)).values()}

    assert pages("pages=2-3") == {(name, n) for name in ("may", "june") for n in (2, 3)}
    assert pages("pages=1", "pages=4-", "type=pdf", "language=de") == {("june", 1), ("june", 4)}
    assert pages("pages=5-") == set()


def test_what_is_written_comes_back(collection: Collection) -> None:
    given = [
        "document=a.pdf", "folder=/x", "type=docx", "language=de", "since=2026-01-02",
        "until=2026-12-31", "pages=7", "pages=9-", "pages=3-10", "meta.a=b=c", "meta.a=d",
    ]  # fmt: skip
    where = Filter.parse(given)
    assert where.parts() == given
    assert Filter.parse(where.parts()) == where
    assert where.since == date(2026, 1, 2)
    assert str(Filter.parse(["type=pdf", "language=german"])) == "type=pdf, language=de"
    assert not Filter()
    assert Filter.parse([]) == Filter()
    assert collection.passing(Filter()) == collection.passing(None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["typ=pdf"], "There is no filter 'typ'. Did you mean type?"),
        (["colour=red"], "the fields are document, folder"),
        (["type"], "Write FIELD=VALUE"),
        (["type="], "Write FIELD=VALUE"),
        (["=pdf"], "There is no filter ''"),
        (["meta.=x"], "cannot be a key"),
        (["meta.a'b=x"], "cannot be a key"),
        (["since=yesterday"], "since=yesterday is no date"),
        (["until=2026-02-30"], "until=2026-02-30 is no date"),
        (["since=0001-01-01"], "Correct the year"),
        (["until=9999-12-31"], "Correct the year"),
        (["since=2026-02-01", "until=2026-01-01"], "Exchange the two dates"),
        (["since=2026-02-01", "since=2026-01-01"], "given twice"),
        (["pages=ten"], "no range of pages"),
        (["pages=10-3"], "upside down. Write 3-10"),
        (["pages=0"], "the first page is 1"),
        (["pages=-3"], "no range of pages"),
        (["pages=99999999999999999999"], "no range of pages"),
        (["type=a b"], "no type"),
        (["language=klingon"], "cannot be asked for"),
        (["language=germn"], "Did you mean german?"),
    ],
)
def test_what_is_no_filter_is_refused_in_a_sentence(given: list[str], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        Filter.parse(given)
    assert said.casefold() in str(refused.value).casefold()
    assert one_sentence(str(refused.value))


@pytest.mark.parametrize(
    "values",
    [
        {"documents": "may.pdf"},
        {"types": 3},
        {"folders": [7]},
        {"documents": ("",)},
        {"since": "2026-01-01"},
        {"until": datetime(2026, 1, 1, tzinfo=UTC)},
        {"pages": (3,)},
        {"pages": ((5, 2),)},
        {"pages": ((True, 2),)},
        {"pages": (("1", "2"),)},
        {"metadata": {"team": "sales"}},
        {"metadata": (("team",),)},
        {"metadata": (("team", 3),)},
    ],
)
def test_values_of_another_type_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Filter(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["document=mai.pdf"], "Did you mean may.pdf"),
        (["folder=report"], "Did you mean reports?"),
        (["type=pptx"], "There are: markdown, md, pdf, text, txt."),
        (["language=fr"], "There are: de, en."),
        (["since=2030-01-01"], "from 2020-02-03 to 2026-06-30"),
        (["pages=9-"], "The longest document has 4 pages."),
        (["meta.team=sale"], "Did you mean team=sales"),
        (["type=pdf", "meta.team=support"], "all at once"),
        ([f"document={ITEMS['may'][0].id}", "language=de"], "document=may.pdf, language=de all"),
    ],
)
def test_nothing_passes_says_what_there_is(
    collection: Collection, given: list[str], said: str
) -> None:
    text = nothing_passes(collection, Filter.parse(given))
    assert "Nothing in the collection “papers” fits the filter" in text
    assert said in text


def test_the_index_and_exact_search_find_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 0)
    with Store(settings(tmp_path)) as store:
        large = make(store)
        sides = [(n, "/docs/odd" if n % 2 else "/docs/even") for n in range(1, 61)]
        put(large, *(item(n, f"{side}/{n}.txt", TEXT) for n, side in sides))
        with large.writer(5, deferred=True) as writer:  # these wait for the index
            writer.put(*item(61, "/docs/odd/61.txt", TEXT))
            writer.put(*item(62, "/docs/even/62.txt", TEXT))
        where, rare = Filter(folders=("odd",)), Filter(documents=("7.txt",))
        questions = vectors(5, 10)
        expected = [large.search_dense(q, 20, where) for q in questions]  # few: exactly
        asked = []
        search = exact.search

        def noted(*arguments: object, **options: object) -> list[tuple[str, float]]:
            asked.append(options.get("pending", False))
            return search(*arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(exact, "search", noted)
        monkeypatch.setattr(dense, "CODED", 3)
        found = [large.search_dense(q, 20, where) for q in questions]
        assert all(asked), "a broad filter read all vectors"
        for one, other in zip(found, expected, strict=True):
            assert [id_ for id_, _ in one] == [id_ for id_, _ in other]
            assert [s for _, s in one] == pytest.approx([s for _, s in other], abs=1e-5)
        # What passes is too rare, or lies too far off, for the index to be asked.
        monkeypatch.setattr(dense, "_MOST", 50)
        assert [large.search_dense(q, 40, where)[:20] for q in questions] == expected
        assert not all(asked)
        assert len(large.search_dense(questions[0], 99, rare)) == 4


@pytest.mark.parametrize("given", ["folder=reports", "pages=2-3", "meta.tag=pump", "type=word"])
def test_both_ways_of_the_keyword_index_find_the_same(
    store: Store, collection: Collection, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    where = Filter.parse([given])
    gathered = collection.search_keywords("pump Pumpe 12", 5, where)
    monkeypatch.setattr(filtering, "FEW", -1)
    assert store.get("papers").search_keywords("pump Pumpe 12", 5, where) == gathered
    assert bool(gathered) == (given != "type=word")


def test_a_new_content_inherits_what_was_said_of_the_old(tmp_path: Path) -> None:
    with Store(settings(tmp_path)) as store:
        made = make(store)
        put(made, item(1, "/a.txt", TEXT, metadata=parse_metadata(["team=sales", "tag=x"])))
        put(made, item(2, "/a.txt", TEXT, metadata=parse_metadata(["team=support"])))
        (record,) = made.documents()
        assert record.metadata == (("tag", "x"), ("team", "support"))
        with made.writer(1) as writer:
            writer.describe({record.id: (("year", "2026"),), "unknown": ()})
        assert made.documents()[0].metadata == (("year", "2026"),)
        assert made.passing(Filter.parse(["meta.year=2026"])).passages == 4


def test_ingest_says_things_of_new_and_of_known_files(tmp_path: Path) -> None:
    within = settings_in(tmp_path / "rag")
    (tmp_path / "a.txt").write_text("The Heron pump lifts 55 litres a minute.\n")

    def ingest(*said: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        report = ingest_paths([tmp_path / "a.txt"], within, metadata=parse_metadata(said))
        with Store(within) as store:
            (record,) = store.get("default").documents()
            assert record.modified_at is not None
            assert record.language == ""
        return report.outcomes[0].state, record.metadata

    assert ingest("team=sales") == ("added", (("team", "sales"),))
    assert ingest("tag=a", "tag=b") == ("updated", (("tag", "a"), ("tag", "b"), ("team", "sales")))
    assert ingest("tag=b", "tag=a") == (
        "unchanged",
        (("tag", "a"), ("tag", "b"), ("team", "sales")),
    )
    assert ingest()[0] == "unchanged"
    assert ingest("tag=") == ("updated", (("team", "sales"),))
    for wrong in ("team", "a b=c", "=c", "a=" + "x" * 201):
        with pytest.raises(UsageError):
            parse_metadata([wrong])


def test_a_store_of_the_version_before_is_opened_without_a_loss(tmp_path: Path) -> None:
    with Store(settings(tmp_path)) as store:
        made = make(store)
        put(made, *(replaced(one) for one in ITEMS.values()))
        before, chunks = made.documents(), made.chunks(ITEMS["june"][0].id)
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite3")) as connection:
        as_format_2(connection)
        connection.commit()
    with Store(settings(tmp_path)) as store:
        made = store.get("default")
        after = made.documents()
        # Of old documents only their stemmer is known, which is English where nothing is told.
        assert [one.language for one in after] == ["en", "en", "de", "en"]
        assert [replace(one, language="") for one in after] == [
            replace(one, language="") for one in before
        ]
        assert made.chunks(ITEMS["june"][0].id) == chunks
        assert store.check() == []
        put(made, ITEMS["june"])
        assert made.passing(Filter.parse(["meta.team=sales"])).documents == 1


def test_a_switch_and_a_rollback_keep_what_was_said(tmp_path: Path) -> None:
    home = settings(tmp_path)
    with Store(home) as store:
        made = make(store)
        put(made, ITEMS["june"])
        june = ITEMS["june"][0].id
        switch(store, home, model(), between=lambda: say(made, june, ("team", "export")))
        record = store.get("default").document(june)
        assert record is not None
        assert record.metadata == (("team", "export"),)
        assert record.modified_at == ITEMS["june"][0].modified_at
        say(store.get("default"), june, ("team", "import"))
        store.generations("default").roll_back()
        assert store.get("default").document(june) == replace(
            ITEMS["june"][0], language="de", metadata=(("team", "import"),)
        )


def say(made: Collection, document_id: str, *pairs: tuple[str, str]) -> None:
    with made.writer(1) as writer:
        writer.describe({document_id: pairs})


def replaced(made: Item) -> Item:
    """The same without what the version before could not keep."""
    return replace(made[0], modified_at=None, metadata=()), made[1], made[2]


def test_a_deleted_and_an_empty_collection(store: Store) -> None:
    where = Filter.parse(["type=pdf"])
    gone = make(store, "gone")
    assert gone.search_dense(vectors(1, 1)[0], 5, where) == []
    assert gone.search_keywords("pump", 5, where) == []
    assert gone.passing(where).documents == 0
    assert "holds no documents" in nothing_passes(gone, where)
    store.delete("gone")
    for call in (
        lambda: gone.search_dense(vectors(1, 1)[0], 5, where),
        lambda: gone.search_keywords("pump", 5, where),
        lambda: gone.passing(where),
        lambda: nothing_passes(gone, where),
    ):
        with pytest.raises(CollectionNotFoundError):
            call()


def test_the_assistant_and_the_retriever_keep_to_it(tmp_path: Path) -> None:
    from rag_app.retrieval.retriever import HybridRetriever

    firm = made_settings(tmp_path)
    with build(firm) as store:
        papers = store.get("firm")
        embeddings = embeddings_for(firm, papers.info.embedding)
        assistant = Assistant(papers, embeddings, firm)
        question = "Who founded Heron Pumps?"
        whole = assistant.ask(question, where=Filter(types=("txt",)), k=50)
        assert {hit.document.name for hit in whole.hits} == {"history.txt", "safety.txt"}
        assert not whole.abstained
        none = assistant.ask(question, where=Filter(types=("word",)))
        assert none.abstained
        assert none.hits == ()
        assert "fits the filter type=word. There are:" in none.text
        searcher = Searcher(papers, embeddings)
        only = HybridRetriever(searcher=searcher, k=50, where=Filter.parse(["pages=2"]))
        assert {one.metadata["source"] for one in only.invoke(question)} == {"/docs/warranty.pdf"}
        nobody = HybridRetriever(searcher=searcher, where=Filter(folders=("nobody",)))
        assert nobody.invoke(question) == []


def test_in_the_terminal(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    (tmp_path / "a.txt").write_text("The warranty of the kettle lasts seven years.\n")
    (tmp_path / "b.md").write_text("# Pumps\n\nThe warranty of the pump lasts nine years.\n")
    done = cli.ingest("a.txt", "b.md", "--meta", "team=sales", "--quiet")
    assert done.returncode == 0, done.stderr
    asked = ("ask", "How long does the warranty of the pump last?", "-w", "meta.team=sales")
    found = cli.json(*asked, "--where", "type=md")
    assert "nine years" in found["answer"]
    assert "seven years" not in found["answer"]
    none = cli.rag(*asked, "--where", "since=2900-01-01")
    assert none.returncode == 0
    assert "fits the filter since=2900-01-01. Its documents are from" in none.stdout
    explained = cli.rag("explain", "warranty of the pump", "--document", "b.md")
    assert "Searched only where document=b.md: 1 document." in explained.stdout
    wrong = cli.rag("explain", "warranty", "--where", "tpe=pdf")
    assert wrong.returncode == 2
    assert one_sentence(wrong.stderr)
    assert "Did you mean type?" in wrong.stderr


def test_what_was_looked_up_is_forgotten_when_something_changes(tmp_path: Path) -> None:
    where = Filter.parse(["meta.team=sales"])
    with Store(settings(tmp_path)) as store:
        made = make(store)
        assert made.passing(where).documents == 0
        put(made, ITEMS["june"], ITEMS["may"])
        assert made.passing(where).documents == 1
        say(store.get("default"), ITEMS["may"][0].id, ("team", "sales"))
        assert made.passing(where).documents == 2
        assert len(made.search_dense(vectors(9, 1)[0], 99, where)) == 8
        with store.get("default").writer(1) as writer:
            writer.forget("/docs/reports/may.pdf")
        assert made.passing(where).passages == 4
        assert len(made.search_keywords("pump Pumpe", 99, where)) == 4
