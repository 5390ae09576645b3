"""Fusion, the search over real parts, and the LangChain retriever."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from answering_samples import build, made_settings

from rag_app.embeddings import embeddings_for
from rag_app.errors import UsageError
from rag_app.retrieval import Searcher
from rag_app.retrieval.fuse import comparable, reciprocal_rank_fusion
from rag_app.retrieval.rankers import RANKERS
from rag_app.retrieval.search import QUESTION_CHARACTERS
from rag_app.settings import Settings
from rag_app.types import Filter


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    settings = made_settings(tmp_path_factory.mktemp("home"))
    store = build(settings)
    collection = store.get("firm")
    yield Searcher(collection, embeddings_for(settings, collection.info.embedding))
    store.close()


def test_reciprocal_ranks_are_summed_and_scaled() -> None:
    fused = reciprocal_rank_fusion([("a", 0.9), ("b", 0.8)], [("b", 7.0), ("c", 1.0)])
    assert [identifier for identifier, _ in fused] == ["b", "a", "c"]
    scores = dict(fused)
    assert scores["b"] == pytest.approx((1 / 62 + 1 / 61) / (2 / 61))
    assert scores["a"] == pytest.approx(0.5)
    assert dict(reciprocal_rank_fusion([("a", 0.1)], [("a", 0.1)]))["a"] == pytest.approx(1.0)


def test_cosines_and_shares_of_bm25_are_made_comparable() -> None:
    pairs = comparable([("a", 0.9), ("b", 0.5)], [("b", 8.0), ("c", 4.0)])
    # "c" is not in the dense list: its cosine is at most the last one there.
    assert pairs == {"a": (0.9, 0.0), "b": (0.5, 1.0), "c": (0.5, 0.5)}
    assert comparable([("a", -0.4)], [("b", 0.0)]) == {"a": (0.0, 0.0)}


def test_fused_scores_lie_between_0_and_1_in_a_fixed_order() -> None:
    dense = [("b", 1.0), ("a", 1.0), ("c", -0.4)]
    fused = reciprocal_rank_fusion(dense, [("c", 0.0), ("d", 0.0)])
    assert all(0 <= score <= 1 for _, score in fused)
    assert fused == sorted(fused, key=lambda pair: (-pair[1], pair[0]))
    assert reciprocal_rank_fusion([], []) == []
    assert [id_ for id_, _ in reciprocal_rank_fusion([], [("x", 3.0)])] == ["x"]


def test_the_setting_offers_the_ways_of_fusion_that_there_are() -> None:
    assert get_args(Settings.model_fields["fusion"].annotation) == tuple(RANKERS)


def test_places_alone_can_rank(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    by_places = Searcher(searcher.collection, searcher.embeddings, fusion="rrf")
    # Which documents are named is not looked at, and no document is looked into once more.
    monkeypatch.setattr(type(searcher.collection), "naming", lambda *_: pytest.fail("not asked"))
    question = "Who founded the firm Heron Pumps?"
    found = by_places.search(question, 6)
    collection = searcher.collection
    lists = (
        collection.search_dense(found.vector, 50, None),
        collection.search_keywords(question, 50, None),
    )
    assert found.order.scores == reciprocal_rank_fusion(*lists)
    assert [hit.chunk.id for hit in found.hits] == [id_ for id_, _ in found.order.scores]
    assert found.order.dense_weight is None
    assert list(found.order.steps) == ["lists"]
    best = found.order.passages[0]
    assert (best.dense_rank, best.keyword_rank) == (1, 1)
    assert best.nearness is best.feedback is best.naming is None


def test_whatever_ranks_each_passage_has_its_convex_score(searcher: Searcher) -> None:
    question = "How long may the housing of a pump run?"
    by_places = Searcher(searcher.collection, searcher.embeddings, fusion="rrf")
    ranked, places = searcher.search(question, 6).hits, by_places.search(question, 6).hits
    assert {hit.score for hit in ranked}.isdisjoint(hit.score for hit in places)
    assert {hit.chunk.id: hit.relevance for hit in places} == {
        hit.chunk.id: hit.score for hit in ranked
    }
    assert [hit.relevance for hit in ranked] == [hit.score for hit in ranked]


def test_an_unknown_fusion_is_refused(searcher: Searcher) -> None:
    with pytest.raises(UsageError, match="choose convex or rrf"):
        Searcher(searcher.collection, searcher.embeddings, fusion="sum")


def test_the_right_passage_comes_first_with_its_scores(searcher: Searcher) -> None:
    found = searcher.search("Who founded the firm Heron Pumps?", 3)
    best = found.hits[0]
    assert best.document.name == "history.txt"
    assert "Marta Lindqvist" in best.chunk.text
    assert best.cosine is not None
    assert best.bm25 is not None
    assert 0 < best.score <= 1
    assert [hit.score for hit in found.hits] == sorted((h.score for h in found.hits), reverse=True)
    assert set(found.timings) == {"embed", "search"}


def test_k_may_exceed_the_collection(searcher: Searcher) -> None:
    assert len(searcher.search("pump", 50).hits) == 6


def test_a_document_filter_is_kept(searcher: Searcher) -> None:
    wanted = next(r for r in searcher.collection.documents() if r.name == "safety.txt")
    found = searcher.search("Who founded Heron Pumps?", 5, Filter(documents=(wanted.id,)))
    assert {hit.document.id for hit in found.hits} == {wanted.id}


@pytest.mark.parametrize("question", ["", "   \n\t", "?!", "\0"])
def test_a_question_without_words_is_refused(searcher: Searcher, question: str) -> None:
    with pytest.raises(UsageError, match="question is empty"):
        searcher.search(question, 5)


def test_k_below_one_is_refused(searcher: Searcher) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        searcher.search("pump", 0)


@pytest.mark.parametrize("where", ["type=pdf", {"types": ("pdf",)}, ("type=pdf",)])
def test_a_filter_of_another_type_is_refused(searcher: Searcher, where: object) -> None:
    with pytest.raises(UsageError, match="Give a Filter"):
        searcher.search("pump", 5, where)  # type: ignore[arg-type]


def test_a_very_long_question_is_cut_with_a_notice(searcher: Searcher) -> None:
    found = searcher.search("How long is the warranty of the pump? " + "word " * 10_000, 5)
    assert len(found.question) == QUESTION_CHARACTERS
    assert any("50,0" in notice and "2,000" in notice for notice in found.notices)
    assert found.hits


def test_a_question_of_unknown_words_is_searched_for_by_keywords(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a model of counted words gives for a question of words that it has never met.
    nothing = np.zeros(searcher.embeddings.identity.dimension, np.float32)
    monkeypatch.setattr(searcher.embeddings, "encode_query", lambda _: nothing)
    found = searcher.search("warranty", 3)
    assert any("knows no word of the question" in notice for notice in found.notices)
    assert found.hits
    assert "warrant" in found.hits[0].chunk.text.lower()
    assert all(hit.cosine is None for hit in found.hits)
    assert searcher.search("zzyzx", 3).hits == ()


@pytest.mark.parametrize(
    "question",
    [
        '" OR * NEAR(x) AND',
        "body: names:x {headings}: NEAR(pump warranty, 5)",
        "SELECT * FROM chunks; --",
        "'; DROP TABLE chunks; --",
        "\ud800 pump",
        "泵 的 保修",
        "Сколько стоит насос?",
        "كم سعر المضخة؟",
        "the of and is to",
        "a" * 50_000,
        " ".join(f"word{n}" for n in range(5_000)),
    ],
)
def test_any_text_can_be_searched_for(searcher: Searcher, question: str) -> None:
    assert len(searcher.search(question, 2).hits) == 2


def test_the_retriever_gives_documents_with_their_origin(searcher: Searcher) -> None:
    from rag_app.retrieval.retriever import HybridRetriever

    documents = HybridRetriever(searcher=searcher, k=2).invoke("What does the Heron 55 cost?")
    assert len(documents) == 2
    assert documents[0].metadata["source"] == "/docs/prices.md"
    assert documents[0].metadata["page"] == 1
    assert documents[0].metadata["headings"] == []
    assert documents[0].id == documents[0].metadata["chunk_id"]
    assert "615 euros" in documents[0].page_content


def test_answering_imports_no_heavy_library() -> None:
    heavy = (
        "langchain_core.retrievers", "langchain", "langchain_openai", "chromadb", "onnxruntime",
        "torch", "tiktoken", "openai", "langsmith", "xllamacpp",
    )  # fmt: skip
    code = (
        "import sys, rag_app.answering, rag_app.retrieval; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    assert result.stdout.strip() == "[]"
