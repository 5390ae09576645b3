"""From ranks to scores: measures with intervals, and each model tested against the leader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag_app.evaluation.measures import MAIN, SIGNIFICANT, Values, interval, measure
from rag_app.evaluation.model_result import WAYS, ModelResult, Scores, Way
from rag_app.evaluation.paired import holm, paired
from rag_app.evaluation.questions import EvalQuestion
from rag_app.evaluation.run import Measured


def score(
    measured: Sequence[Measured], questions: Sequence[EvalQuestion], by: Way, seed: int
) -> tuple[ModelResult, ...]:
    """The models with their measures, intervals and tests; best first.

    Args:
        measured: What each model found.
        questions: For which of them, in order.
        by: The way that they are ranked by.
        seed: Of the intervals and tests.
    """
    targets = [len(question.targets) for question in questions]
    scores = {way: _scores(measured, way, targets, seed) for way in WAYS}
    models = [
        ModelResult(
            spec=one.spec,
            model=one.model,
            hybrid=scores["hybrid"][one.spec],
            dense=scores["dense"][one.spec],
            costs=one.costs,
            unknown=one.unknown,
            uncovered_languages=one.uncovered_languages,
        )
        for one in measured
    ]
    return tuple(sorted(models, key=lambda model: -model.scores(by).measures[MAIN].mean))


def _scores(
    measured: Sequence[Measured], way: Way, targets: Sequence[int], seed: int
) -> dict[str, Scores]:
    values: dict[str, Mapping[str, Values]] = {
        one.spec: measure([found.ranks for found in getattr(one, way)], targets) for one in measured
    }
    if not values:
        return {}
    leader = max(values, key=lambda spec: values[spec][MAIN].mean())
    tests = {
        spec: paired(own[MAIN], values[leader][MAIN], seed)
        for spec, own in values.items()
        if spec != leader
    }
    factors = holm({spec: test.p_value for spec, test in tests.items()})
    scores = {}
    for spec, own in values.items():
        measures = {name: interval(own[name], seed) for name in own}
        test, factor = tests.get(spec), factors.get(spec, 1.0)
        scores[spec] = Scores(
            measures,
            leads=spec == leader,
            p_value=min(1.0, factor * test.p_value) if test else None,
            to_leader=test.interval(SIGNIFICANT / factor) if test else None,
        )
    return scores
