"""What to choose, in a sentence, where the figures allow to say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag_app.evaluation.measures import MAIN, SIGNIFICANT
from rag_app.evaluation.model_result import ModelResult, Way
from rag_app.evaluation.result import Recommendation

LEAST_QUESTIONS = 30
"""With fewer, chance decides; then nobody is called the best."""

WAY_NAMES: Mapping[Way, str] = {"hybrid": "with keywords", "dense": "by vectors alone"}


def recommend(models: Sequence[ModelResult], questions: int, by: Way) -> Recommendation:
    """The recommendation for models, best first."""
    if not models:
        return Recommendation("No model could be compared.", None, None, ())
    tied = tuple(model.spec for model in models if not _differs(model, by))
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
        f"{WAY_NAMES[by]}), surely better than {second.spec} ({_score(second, by)}, "
        f"{_p(second, by)}) and every other. {_price(first)}"
    )
    return Recommendation(sentence.strip(), first.spec, None, (first.spec,))


def _tie(tied: Sequence[ModelResult], models: Sequence[ModelResult], by: Way) -> Recommendation:
    cheapest = min(tied, key=_effort)
    names = ", ".join(model.spec for model in tied)
    all_or = "the models" if len(tied) == len(models) else names
    sentence = (
        f"No model is surely the best: {all_or} cannot be told apart by these questions "
        f"(the difference of {tied[0].spec} and {tied[1].spec} may be chance, "
        f"{_p(tied[1], by)}). The cheapest of them is {cheapest.spec}. {_price(cheapest)} "
        f"{_without_keywords(cheapest, models, by)}"
    )
    return Recommendation(
        " ".join(sentence.split()), None, cheapest.spec, tuple(model.spec for model in tied)
    )


def _without_keywords(cheapest: ModelResult, models: Sequence[ModelResult], by: Way) -> str:
    """Says so where only keywords make up for what the vectors of the cheapest lack."""
    if by == "dense" or not _differs(cheapest, "dense"):
        return ""
    leader = next(model for model in models if model.dense.leads)
    return f"By vectors alone it is worse than {leader.spec} ({_p(cheapest, 'dense')})."


def _differs(model: ModelResult, by: Way) -> bool:
    p_value = model.scores(by).p_value
    return p_value is not None and p_value < SIGNIFICANT


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


def _p(model: ModelResult, by: Way) -> str:
    p_value = model.scores(by).p_value
    return "" if p_value is None else f"p = {p_value:.3f}" if p_value >= 0.001 else "p < 0.001"


def _price(model: ModelResult) -> str:
    costs = model.costs
    if costs.destination is not None:
        price = "" if costs.usd is None else f", about ${costs.usd:.2f} for these passages"
        return f"Its text goes to {costs.destination}{price}."
    if costs.chunks_per_second is None:
        return ""
    return f"It embeds {costs.chunks_per_second:,.0f} passages a second here."
