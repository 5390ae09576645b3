"""What to choose, in a sentence, where the figures allow to say it.

A model is recommended where it is surely better than every other: no 95 % interval of a difference
to it, question by question and corrected for the number of models, includes 0. Otherwise nobody is,
and the cheapest of those that are not surely worse than the first is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag_app.evaluation.measures import MAIN
from rag_app.evaluation.model_result import ModelResult, Way
from rag_app.evaluation.result import Recommendation
from rag_app.evaluation.wording import with_signs
from rag_app.types.nouns import counted

LEAST_QUESTIONS = 30
"""With fewer, chance decides; then nobody is called the best."""
_SHOWN = 2
"""Models told with their intervals; the table has those of all."""

WAY_NAMES: Mapping[Way, str] = {"hybrid": "with keywords", "dense": "by vectors alone"}


def recommend(models: Sequence[ModelResult], questions: int, by: Way) -> Recommendation:
    """The recommendation for models, best first."""
    if not models:
        return Recommendation("No model could be compared.", None, None, ())
    tied = tuple(model.spec for model in models if not model.scores(by).surely_worse)
    if questions < LEAST_QUESTIONS:
        return Recommendation(
            f"No recommendation: {questions} questions are too few to tell models apart; ask at "
            f"least {LEAST_QUESTIONS}.",
            None,
            None,
            tied,
        )
    if len(models) == 1:
        only = models[0]
        return Recommendation(
            f"{only.spec} was compared with no other model: {_score(only, by)}.", None, None, tied
        )
    if len(tied) == 1:
        return _winner(models, by)
    return _tie([model for model in models if model.spec in tied], models, by)


def _winner(models: Sequence[ModelResult], by: Way) -> Recommendation:
    first, second = models[0], models[1]
    sentence = (
        f"Choose {first.spec}: it finds the passages best ({_score(first, by)} "
        f"{WAY_NAMES[by]}), surely better than every other. No 95 % interval of a difference to it "
        f"includes 0; the next is {second.spec}, {_to_leader(second, by)}. {_price(first)}"
    )
    return Recommendation(sentence.strip(), first.spec, None, (first.spec,))


def _tie(tied: Sequence[ModelResult], models: Sequence[ModelResult], by: Way) -> Recommendation:
    leader, others = tied[0], tied[1:]
    cheapest = min(tied, key=_effort)
    shown = [f"{one.spec} ({_to_leader(one, by)})" for one in others[:_SHOWN]]
    if len(others) > _SHOWN:
        shown.append(counted(len(others) - _SHOWN, "other"))
    names = " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)
    sentence = (
        f"No model is surely the best: the 95 % interval of the difference to {leader.spec} "
        f"includes 0 for {names}, so it may be chance. The cheapest of those and "
        f"{leader.spec} is {cheapest.spec}. {_price(cheapest)} "
        f"{_without_keywords(cheapest, models, by)}"
    )
    return Recommendation(
        " ".join(sentence.split()), None, cheapest.spec, tuple(model.spec for model in tied)
    )


def _without_keywords(cheapest: ModelResult, models: Sequence[ModelResult], by: Way) -> str:
    """Says so where only keywords make up for what the vectors of the cheapest lack."""
    if by == "dense" or not cheapest.dense.surely_worse:
        return ""
    leader = next(model for model in models if model.dense.leads)
    return (
        f"By vectors alone it is surely worse than {leader.spec}, {_to_leader(cheapest, 'dense')}."
    )


def _effort(model: ModelResult) -> tuple[float, bool, float]:
    """What is cheapest: costs nothing, stays here, is fastest."""
    costs = model.costs
    return (
        costs.usd or 0.0,
        costs.destination is not None,
        -(costs.chunks_per_second or 0.0),
    )


def _score(model: ModelResult, by: Way) -> str:
    one = model.scores(by).measures[MAIN]
    return f"nDCG@10 {one.mean:.3f} [{one.low:.3f}–{one.high:.3f}]"


def _to_leader(model: ModelResult, by: Way) -> str:
    difference = model.scores(by).to_leader
    return "" if difference is None else with_signs(difference)


def _price(model: ModelResult) -> str:
    costs = model.costs
    if costs.destination is not None:
        price = "" if costs.usd is None else f", about ${costs.usd:.2f} for these passages"
        return f"Its text goes to {costs.destination}{price}."
    if costs.chunks_per_second is None:
        return ""
    return f"It embeds {costs.chunks_per_second:,.0f} passages a second here."
