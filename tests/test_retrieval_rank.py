"""How two lists become one order: agreement, words that stand together, feedback of vectors."""

from __future__ import annotations

import numpy as np
import pytest

from rag_app.retrieval.fuse import agreement, comparable
from rag_app.retrieval.rank import LEAST_DENSE, MOST_DENSE, NAMING, rank
from rag_app.store.nearness import best_stretch

QUESTION = np.array([1, 0, 0], np.float32)


def nothing(_ids):
    return {}


def test_agreement_is_whole_where_both_lists_begin_alike() -> None:
    pairs = comparable([("a", 0.8), ("b", 0.2)], [("a", 9.0), ("b", 1.0)])
    assert agreement(pairs) == pytest.approx(1.0)


def test_agreement_falls_with_what_each_list_thinks_of_the_others_first() -> None:
    pairs = comparable([("a", 0.8), ("b", 0.2)], [("b", 9.0), ("a", 4.5)])
    assert agreement(pairs) == pytest.approx((0.25 * 0.5) ** 0.5)
    assert agreement(comparable([("a", 0.8), ("b", 0.2)], [("b", 9.0)])) == 0


@pytest.mark.parametrize("lists", [([], []), ([("a", 0.5)], []), ([], [("a", 3.0)])])
def test_a_single_list_is_not_contradicted(lists) -> None:
    assert agreement(comparable(*lists)) == 1


def test_the_cosine_counts_more_where_the_lists_agree() -> None:
    same = rank(QUESTION, [("a", 0.8)], [("a", 2.0)], nothing, nothing, {})
    other = rank(QUESTION, [("a", 0.8), ("b", 0.0)], [("b", 2.0)], nothing, nothing, {})
    assert same.dense_weight == pytest.approx(MOST_DENSE)
    assert other.dense_weight == pytest.approx(LEAST_DENSE)


def test_words_that_stand_together_decide_between_equals() -> None:
    dense, keywords = [("a", 0.5), ("b", 0.5)], [("a", 3.0), ("b", 3.0)]
    found = rank(QUESTION, dense, keywords, lambda _: {"a": 0.2, "b": 0.9}, nothing, {})
    assert [one.id for one in found.passages] == ["b", "a"]
    assert [one.nearness for one in found.passages] == [0.9, 0.2]


def test_what_is_like_the_best_passage_moves_up() -> None:
    vectors = {
        "best": np.array([0.9, 0.4, 0], np.float32),
        "like": np.array([0.5, 0.85, 0], np.float32),
        "unlike": np.array([0.5, 0, 0.85], np.float32),
    }
    dense = [("best", 0.9), ("unlike", 0.51), ("like", 0.5)]
    before = rank(QUESTION, dense, [], nothing, nothing, {})
    assert [one.id for one in before.passages] == ["best", "unlike", "like"]
    assert all(one.feedback is None for one in before.passages)
    after = rank(QUESTION, dense, [], nothing, lambda ids: {id_: vectors[id_] for id_ in ids}, {})
    assert [one.id for one in after.passages] == ["best", "like", "unlike"]


def test_passages_of_documents_that_are_not_named_fall_back() -> None:
    dense = [("a", 0.9), ("b", 0.85), ("c", 0.8)]
    before = rank(QUESTION, dense, [], nothing, nothing, {})
    after = rank(QUESTION, dense, [], nothing, nothing, {"b": 0.8, "c": 0.2})
    scores = dict(before.scores)
    assert [one.id for one in after.passages] == ["b", "a", "c"]
    assert dict(after.scores) == pytest.approx(
        {"a": scores["a"] - 0.8 * NAMING, "b": scores["b"], "c": scores["c"] - 0.6 * NAMING}
    )
    assert after.steps["feedback"] == before.steps["naming"] == ("a", "b", "c")


def test_scores_are_between_0_and_1_and_the_order_is_fixed() -> None:
    dense, keywords = [("b", 1.0), ("a", 1.0), ("c", -0.4)], [("c", 0.0), ("d", 0.0)]
    vectors = dict.fromkeys("abcd", QUESTION) | {"c": np.zeros(3, np.float32)}
    found = rank(
        QUESTION,
        dense,
        keywords,
        lambda ids: dict.fromkeys(ids, 1.0),
        lambda ids: {i: vectors[i] for i in ids},
        {"a": 1.0, "b": 0.5},
    ).passages
    assert all(0 <= one.score <= 1 for one in found)
    assert list(found) == sorted(found, key=lambda one: (-one.score, one.id))
    assert rank(QUESTION, [], [], nothing, nothing, {}).passages == ()


def test_the_best_stretch_counts_each_word_once_by_its_weight() -> None:
    weights = {"pump": 3.0, "seal": 1.0}
    terms = ["pump", "pump", "x", "x", "x", "seal"]
    assert best_stretch(weights, terms, width=3) == 0.75
    assert best_stretch(weights, terms, width=5) == 1.0
    assert best_stretch(weights, terms, width=4) == 0.75
    assert best_stretch(weights, ["x"], width=4) == 0
    assert best_stretch({}, terms) == 0


def test_words_far_apart_count_less_than_words_together() -> None:
    weights = {"one": 1.0, "two": 1.0}
    apart = ["one", *["x"] * 40, "two"]
    assert best_stretch(weights, apart) == 0.5
    assert best_stretch(weights, ["one", "x", "two", *["x"] * 40]) == 1
