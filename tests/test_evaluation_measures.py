"""Measures, intervals, tests and rankings against values computed by hand and by trec_eval."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rag_app.evaluation.measures import MEASURES, interval, measure
from rag_app.evaluation.paired import holm, paired
from rag_app.evaluation.questions import EvalQuestion
from rag_app.evaluation.ranking import dense_rankings, judge


def question(*targets: tuple[str, ...]) -> EvalQuestion:
    return EvalQuestion("q", None, None, targets, "user")


def test_measures_of_one_target_are_those_computed_by_hand() -> None:
    values = measure([[1], [3], [10], []], [1, 1, 1, 1])
    assert values["recall@1"].tolist() == [1, 0, 0, 0]
    assert values["recall@5"].tolist() == [1, 1, 0, 0]
    assert values["recall@10"].tolist() == [1, 1, 1, 0]
    assert values["mrr@10"] == pytest.approx([1, 1 / 3, 1 / 10, 0])
    assert values["ndcg@10"] == pytest.approx([1, 1 / 2, 1 / math.log2(11), 0])


def test_several_targets_share_recall_and_gain() -> None:
    values = measure([[2, 4]], [3])
    best = 1 + 1 / math.log2(3) + 1 / 2
    assert values["ndcg@10"] == pytest.approx([(1 / math.log2(3) + 1 / math.log2(5)) / best])
    assert values["recall@5"] == pytest.approx([2 / 3])
    assert values["mrr@10"] == pytest.approx([1 / 2])


def test_measures_equal_those_of_trec_eval() -> None:
    import pytrec_eval

    random = np.random.default_rng(3)
    targets = random.integers(1, 4, size=40).tolist()
    ranks = [
        sorted(random.choice(np.arange(1, 11), size=random.integers(0, count + 1), replace=False))
        for count in targets
    ]
    names = {
        "ndcg@10": "ndcg_cut_10", "mrr@10": "recip_rank",
        "recall@1": "recall_1", "recall@5": "recall_5", "recall@10": "recall_10",
    }  # fmt: skip
    qrels = {
        str(q): {f"d{rank}": 1 for rank in ranks[q]}
        | {f"missed{n}": 1 for n in range(count - len(ranks[q]))}
        for q, count in enumerate(targets)
    }
    run = {str(q): {f"d{rank}": 1 / rank for rank in range(1, 11)} for q in range(len(targets))}
    judged = pytrec_eval.RelevanceEvaluator(qrels, set(names.values())).evaluate(run)
    values = measure(ranks, targets)
    assert set(values) == set(MEASURES)
    for ours, theirs in names.items():
        expected = [judged[str(q)][theirs] for q in range(len(targets))]
        assert values[ours] == pytest.approx(expected), ours


def test_an_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    few, many = np.tile([0.0, 1.0], 10), np.tile([0.0, 1.0], 500)
    one, other = interval(few), interval(many)
    assert one.low < one.mean == 0.5 < one.high
    assert other.high - other.low < (one.high - one.low) / 4
    # The bootstrap of a share agrees with the normal approximation: 1.96 * sqrt(p q / n).
    assert (other.high - other.low) / 2 == pytest.approx(1.96 * 0.5 / math.sqrt(1000), rel=0.1)
    assert interval(few) == one


def test_the_paired_test_tells_a_clear_difference_from_chance() -> None:
    # Five wins and no loss: of 2^5 ways to swap only two are as extreme.
    assert paired(np.ones(5), np.zeros(5)).p_value == pytest.approx(2 / 32, abs=0.01)
    assert paired(np.ones(40), np.zeros(40)).p_value < 0.001
    even = np.tile([1.0, 0.0], 20)
    assert paired(even, 1 - even).p_value > 0.8
    assert paired(even, even).p_value == 1.0
    assert paired(even[:0], even[:0]).p_value == 1.0


def test_the_interval_of_a_difference_is_that_of_its_test() -> None:
    """Whatever the values, 0 lies in it if, and only if, the test finds no difference."""
    random = np.random.default_rng(3)
    sure = 0
    for number in range(60):
        ranks = random.integers(1, 12, size=(2, random.integers(5, 80)))
        values = np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0.0)
        values[0] += (number % 4) * 0.05  # some surely better, some not
        test = paired(*np.minimum(values, 1.0), seed=number)
        for level in (0.05, 0.05 / 7):
            one = test.interval(level)
            assert one.low <= one.mean <= one.high
            assert (test.p_value < level) == (not one.low <= 0 <= one.high)
            sure += test.p_value < level
        assert test.interval(0.05 / 7).low <= test.interval().low
    assert 20 < sure < 100  # both happened


def test_the_interval_of_a_difference_agrees_with_the_normal_one() -> None:
    random = np.random.default_rng(4)
    first, second = random.random(800), random.random(800) * 0.9
    one = paired(first, second).interval()
    half = 1.96 * np.std(first - second, ddof=1) / math.sqrt(800)
    assert one.mean == pytest.approx(np.mean(first - second))
    assert one.high - one.mean == pytest.approx(half, rel=0.1)
    assert one.mean - one.low == pytest.approx(half, rel=0.1)


def test_too_few_questions_tell_nothing() -> None:
    one = paired(np.ones(1), np.zeros(1))
    assert one.p_value == 1.0
    assert (one.interval().low, one.interval().high) == (-1, 1)
    assert paired(np.ones(40), np.zeros(40)).interval(1e-9).low == -1


def test_holm_corrects_stepwise() -> None:
    p_values = {"a": 0.01, "b": 0.04, "c": 0.03}
    factors = holm(p_values)
    corrected = {name: factors[name] * p for name, p in p_values.items()}
    assert corrected == pytest.approx({"a": 0.03, "c": 0.06, "b": 0.06})


def test_dense_ranking_is_by_cosine_and_a_zero_vector_matches_nothing() -> None:
    passages = np.array([[2, 0], [1, 1], [0, 0], [0, -3]], np.float32)
    questions = np.array([[5, 0], [0, 0], [0, 1]], np.float32)
    first, blank, third = dense_rankings(["a", "b", "c", "d"], passages, questions)
    assert [id_ for id_, _ in first] == ["a", "b"]
    assert dict(first)["b"] == pytest.approx(math.sqrt(0.5))
    assert blank == []
    assert [id_ for id_, _ in third] == ["b", "d"]


def test_equal_cosines_are_ordered_by_id_also_at_the_border_of_the_list() -> None:
    ids = [f"{number:03}" for number in range(80)]
    passages = np.ones((80, 3), np.float32)
    (ranking,) = dense_rankings(ids, passages, np.ones((1, 3), np.float32))
    assert [id_ for id_, _ in ranking] == ids[:50]


def test_passages_of_one_target_count_once_and_push_nothing_down() -> None:
    ranking = [(id_, 1.0) for id_ in ("x", "a1", "a2", "y", "b")]
    found = judge(ranking, question(("a1", "a2"), ("b",)))
    assert (found.first, found.rank, found.ranks) == ("x", 2, (2, 4))
    assert judge([], question(("a1",))).first is None
    late = [(f"x{n}", 1.0) for n in range(10)] + [("a1", 1.0)]
    assert judge(late, question(("a1",))).rank is None
