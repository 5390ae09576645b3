"""Questions that name a document: its passages come before the same passages of others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from answering_samples import build, made_settings

from ingest import ingest_paths
from rag_app.embeddings import embeddings_for
from rag_app.retrieval import Searcher
from rag_app.store import Store
from rag_app.store.naming import _named, _terms
from rag_app.types import Filter

NAMES = ("BESTBUY_2022_10K", "BESTBUY_2023_10K", "KESTREL_2023_10K", "minutes")
SPENT = (
    "Capital expenditure rose. What was spent on land, buildings and machines came to {} million."
)


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    settings = made_settings(tmp_path_factory.mktemp("home"))
    folder = tmp_path_factory.mktemp("reports")
    for number, name in enumerate(NAMES):
        (folder / f"{name}.txt").write_text(SPENT.format(17 + number))
    ingest_paths([folder], settings, collection="reports")
    with Store(settings) as store:
        collection = store.get("reports")
        yield Searcher(collection, embeddings_for(settings, collection.info.embedding))


def first(searcher: Searcher, question: str) -> str:
    return Path(searcher.search(question, 4).hits[0].document.name).stem


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What was Best Buy's capital expenditure in FY2022?", "BESTBUY_2022_10K"),
        ("What was Best Buy's capital expenditure in FY2023?", "BESTBUY_2023_10K"),
        ("What did Kestrel spend on land, buildings and machines?", "KESTREL_2023_10K"),
        ("Which capital expenditure do the minutes tell of?", "minutes"),
    ],
)
def test_the_document_that_a_question_names_comes_first(searcher, question, name):
    assert first(searcher, question) == name


def test_what_names_no_document_moves_none(searcher):
    found = searcher.search("How much came to be spent on buildings?", 4)
    assert [one.naming for one in found.order.passages] == [0.0] * 4
    assert found.order.steps["naming"] == found.order.steps["feedback"]


def test_a_year_alone_names_nothing():
    assert (
        _named(_terms("What was spent in 2023?", ["english"]), {"kestrel 2023", "heron 2022"}) == {}
    )
    both = _named(
        _terms("What did Kestrel spend in FY2023?", ["english"]), {"kestrel 2023", "heron 2023"}
    )
    assert both == {"kestrel 2023": 1.0}


def test_a_word_of_few_names_counts_more_than_one_of_many():
    names = {"report kestrel", "report heron", "report tern", "minutes"}
    shares = _named(_terms("What does the Kestrel report say?", ["english"]), names)
    assert shares["report kestrel"] == 1.0
    assert 0 < shares["report heron"] == shares["report tern"] < 0.3
    assert "minutes" not in shares


def test_a_filter_that_names_documents_has_the_last_word(searcher):
    where = Filter(documents=("minutes.txt",))
    found = searcher.search("What was Best Buy's capital expenditure in FY2022?", 4, where)
    assert [hit.document.name for hit in found.hits] == ["minutes.txt"]


def test_passages_that_no_list_has_are_found_inside_the_named_document(tmp_path, monkeypatch):
    """Where all documents compete, only one of its passages gets into a list."""
    pump, tower, notes = (
        "The pump of the works is red.",
        "The tower of the works is green.",
        "The pump of the house is red.",
    )
    settings = made_settings(tmp_path)
    texts = {"KESTREL_2023_10K.txt": (pump, tower), "notes.txt": (notes,)}
    with build(settings, texts) as store:
        collection = store.get(settings.collection)
        ids = {
            chunk.text: chunk.id
            for document in collection.documents()
            for chunk in collection.chunks(document.id)
        }
        for name, text in (("search_dense", pump), ("search_keywords", notes)):
            real = getattr(type(collection), name)

            def few(self, asked, n, where=None, real=real, text=text):
                return real(self, asked, n, where) if where else [(ids[text], 0.9)]

            monkeypatch.setattr(type(collection), name, few)
        searcher = Searcher(collection, embeddings_for(settings, None))
        found = searcher.search("Which colours are seen at Kestrel in 2023?", 4)
        assert {hit.chunk.text for hit in found.hits} == {pump, tower, notes}
        unnamed = searcher.search("Which colours are seen?", 4)
        assert {hit.chunk.text for hit in unnamed.hits} == {pump, notes}
        by_places = Searcher(searcher.collection, searcher.embeddings, fusion="rrf")
        assert len(by_places.search("Which colours are seen at Kestrel in 2023?", 4).hits) == 2
