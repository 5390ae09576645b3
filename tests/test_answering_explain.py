"""``rag explain``: what it tells is what the search and the answer did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from answering_samples import build, made_settings
from cli_samples import Cli

from rag_app.answering import Assistant
from rag_app.answering.explain import STEPS, Explanation, explain
from rag_app.answering.rank import find
from rag_app.embeddings import embeddings_for
from rag_app.errors import UsageError
from rag_app.retrieval import Searcher
from rag_app.settings import Settings
from rag_app.store import Store

QUESTION = "How long is the warranty of the Heron pump?"
ALWAYS = list(STEPS)[:5]
"""The steps that are taken without a setting."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return made_settings(tmp_path_factory.mktemp("explain"))


@pytest.fixture(scope="module")
def store(settings: Settings) -> Iterator[Store]:
    with build(settings) as store:
        yield store


def explained(store: Store, settings: Settings, question: str, k: int = 4) -> Explanation:
    searcher = Searcher(store.get("firm"), embeddings_for(settings, None))
    return explain(searcher, find(searcher, question, k), {})


def test_the_order_is_that_of_the_answer(store: Store, settings: Settings) -> None:
    found = explained(store, settings, QUESTION)
    answer = Assistant.open(settings, store).ask(QUESTION)
    assert [one.hit.chunk.id for one in found.hits] == [h.chunk.id for h in answer.hits[:4]]
    assert [one.places["sentences"] for one in found.hits] == [1, 2, 3, 4]
    assert all(list(one.places) == ALWAYS for one in found.hits)


def test_places_and_scores_are_those_of_the_lists(store: Store, settings: Settings) -> None:
    found = explained(store, settings, QUESTION)
    collection = store.get("firm")
    vector = embeddings_for(settings, None).encode_query(QUESTION)
    dense = [id_ for id_, _ in collection.search_dense(vector, 50)]
    keywords = dict(collection.search_keywords(QUESTION, 50))
    for one in found.hits:
        id_ = one.hit.chunk.id
        assert one.ranked.dense_rank == dense.index(id_) + 1
        assert one.hit.bm25 == keywords.get(id_)
        assert (one.ranked.keyword_rank is None) == (id_ not in keywords)
    best = found.hits[0]
    assert {"warranty", "heron", "pump"} <= set(best.words)
    assert best.ranked.keywords == 1.0


def test_a_question_without_words_of_the_documents(store: Store, settings: Settings) -> None:
    found = explained(store, settings, "zxqv wvut?")
    assert found.hits
    for one in found.hits:
        assert one.words == ()
        assert one.ranked.keyword_rank is None
        assert one.ranked.nearness == 0.0
    with pytest.raises(UsageError, match="empty"):
        explained(store, settings, " ?")


def test_with_places_alone_there_are_only_the_lists_and_the_sentences(
    store: Store, settings: Settings
) -> None:
    assistant = Assistant.open(settings.override(fusion="rrf"), store)
    found = assistant.explain(QUESTION)
    assert [list(one.places) for one in found.hits] == [["lists", "sentences"]] * len(found.hits)
    assert [one.hit.chunk.id for one in found.hits] == [
        hit.chunk.id for hit in assistant.ask(QUESTION).hits
    ]
    # Whether the documents answer is no question of how their passages were ranked.
    convex = Assistant.open(settings, store).explain(QUESTION)
    assert {one.hit.chunk.id for one in found.hits} == {one.hit.chunk.id for one in convex.hits}
    assert found.probability == pytest.approx(convex.probability, abs=0.01)
    plain = found.to_json()
    assert plain["dense_weight"] is None
    for one in found.hits:
        assert one.ranked.dense_rank is not None
        places = [one.ranked.dense_rank, *filter(None, [one.ranked.keyword_rank])]
        assert one.hit.score == pytest.approx(sum(1 / (60 + place) for place in places) * 61 / 2)
        assert one.to_json()["naming"] is one.to_json()["nearness"] is None


def test_in_the_terminal(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "kettle.md").write_text("# Care\n\nDescale the kettle with vinegar.\n")
    (tmp_path / "docs" / "tea.txt").write_text("Green tea steeps for two minutes.\n")
    assert cli.ingest(tmp_path / "docs", "--quiet").returncode == 0
    told = cli.rag("explain", "How is the kettle descaled?")
    assert told.returncode == 0, told.stderr
    assert "1. kettle.md: score" in told.stdout
    assert "keywords   place 1, BM25" in told.stdout
    assert "words      kettle, descaled" in told.stdout
    assert "keywords   not in the list" in told.stdout  # of the tea
    only = cli.rag("explain", "--json", "--document", "tea.txt", "How is the kettle descaled?")
    hits = json.loads(only.stdout)["hits"]
    assert [Path(hit["source"]).name for hit in hits] == ["tea.txt"]
    assert hits[0]["places"] == dict.fromkeys(ALWAYS, 1)
    by_places = cli.rag("--set", "fusion=rrf", "explain", "How is the kettle descaled?")
    assert "counted alike, by places alone" in by_places.stdout
    assert "within a few lines" in told.stdout
    assert "within a few lines" not in by_places.stdout
    refused = cli.rag("explain", "--document", "nothing.txt", "kettle")
    assert refused.returncode == 2
    assert "nothing.txt" in refused.stderr
