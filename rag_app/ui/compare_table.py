"""The table of a comparison: a row for each model, best first, with its interval as a small bar."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from rag_app.evaluation import Comparison
from rag_app.evaluation.measures import MAIN
from rag_app.evaluation.model_result import ModelResult, Scores, Way
from rag_app.evaluation.wording import (
    against_leader,
    milliseconds,
    rate,
    size,
    to_leader,
    unknown_words,
)
from rag_app.types.kinds import LANGUAGES
from rag_app.ui import wording

WAYS: Mapping[Way, str] = {"hybrid": "with keywords", "dense": "by meaning alone"}
"""What the ways to find passages are called here."""


def table(comparison: Comparison, in_use: str) -> str:
    """HTML of the table.

    Args:
        comparison: What to show.
        in_use: Spec of the collection's own model.
    """
    by = comparison.by
    other: Way = "dense" if by == "hybrid" else "hybrid"
    heads = ["Model", f"Quality {WAYS[by]}", WAYS[other].capitalize(), "In the first five"]
    heads += ["Passages a second", "A question takes", "Size", "Dimensions"]
    reach = _reach(comparison)
    return _drawn(heads, [_row(one, comparison, reach, in_use) for one in comparison.models])


def details(comparison: Comparison) -> str:
    """HTML of the figures that the table has no room for, found as the models are ranked."""
    heads = ["Model", "MRR@10", "Recall@1", "Recall@5", "Recall@10", "Test against the best"]
    heads += ["Question, p50", "Question, p95", "Index", "Memory", "Cut short"]
    return _drawn(heads, [_details(one, comparison.by) for one in comparison.models])


def _drawn(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of HTML; on a phone each cell has its head beside it."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
    lines = []
    for first, *others in rows:
        cells = "".join(
            f'<td data-head="{html.escape(name)}">{cell}</td>'
            for name, cell in zip(heads[1:], others, strict=True)
        )
        lines.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    return (
        '<div class="compare-scroll"><table class="compare-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _row(
    model: ModelResult, comparison: Comparison, reach: tuple[float, float], in_use: str
) -> list[str]:
    by = comparison.by
    other: Way = "dense" if by == "hybrid" else "hybrid"
    scores, costs = model.scores(by), model.costs
    return [
        f"<b>{html.escape(model.spec)}</b>{_chips(model, comparison, in_use)}",
        _quality(scores, reach, tone=_tone(model, comparison)),
        f"{model.scores(other).measures[MAIN].mean:.3f}",
        f"{scores.measures['recall@5'].mean:.0%}",
        rate(costs.chunks_per_second),
        f"{milliseconds(costs.query_ms_p50)} ms",
        size(costs.disk_bytes),
        f"{costs.dimension:,}",
    ]


def _details(model: ModelResult, by: Way) -> list[str]:
    scores, costs = model.scores(by), model.costs
    names = ("mrr@10", "recall@1", "recall@5", "recall@10")
    return [
        f"<b>{html.escape(model.spec)}</b>",
        *(f"{scores.measures[name].mean:.3f}" for name in names),
        html.escape(against_leader(scores.p_value)),
        *(f"{milliseconds(one)} ms" for one in (costs.query_ms_p50, costs.query_ms_p95)),
        *(size(one) for one in (costs.index_bytes, costs.memory_bytes)),
        f"{costs.truncated:,}",
    ]


def _reach(comparison: Comparison) -> tuple[float, float]:
    """From where to where the bars go: differences would vanish on a scale from 0 to 1."""
    means = [model.scores(comparison.by).measures[MAIN] for model in comparison.models]
    low = min((one.low for one in means), default=0.0)
    high = max((one.high for one in means), default=1.0)
    margin = max(0.02, (high - low) * 0.06)
    return max(0.0, low - margin), min(1.0, high + margin)


def _quality(scores: Scores, reach: tuple[float, float], *, tone: str) -> str:
    """The score, its interval as a bar, and below it the difference to the best."""
    one, behind = scores.measures[MAIN], to_leader(scores) if scores.to_leader else ""
    left, right = reach
    at = [100 * (value - left) / (right - left) for value in (one.low, one.mean, one.high)]
    return (
        f'<span class="score">{one.mean:.3f}</span>'
        f'<span class="interval {tone}" title="95 % interval: {one.low:.3f} to {one.high:.3f}">'
        f'<s style="left:{at[0]:.1f}%;width:{at[2] - at[0]:.1f}%"></s>'
        f'<u style="left:{at[1]:.1f}%"></u></span>'
        + (f'<small class="behind">{html.escape(behind)}</small>' if behind else "")
    )


def _tone(model: ModelResult, comparison: Comparison) -> str:
    if model.spec == comparison.recommendation.spec:
        return "best"
    return "tied" if model.spec in comparison.recommendation.tied else "other"


def _chips(model: ModelResult, comparison: Comparison, in_use: str) -> str:
    """What should be known of a model at a glance."""
    choice, costs, unknown = comparison.recommendation, model.costs, model.unknown
    chips = [
        ("good", "recommended") if model.spec == choice.spec else None,
        ("good", "as good, and cheapest") if model.spec == choice.cheapest else None,
        ("", "in use") if in_use in (model.spec, model.model) else None,
        ("warn", f"text goes to {costs.destination}") if costs.destination else None,
        ("warn", f"about ${costs.usd:.2f}") if costs.usd else None,
        ("warn", f"{costs.truncated:,} passages cut short") if costs.truncated else None,
        ("warn", _languages(model)) if model.uncovered_languages else None,
        ("", f"{unknown_words(unknown)} unknown words") if unknown and unknown.unknown else None,
    ]
    shown = "".join(
        f'<em class="chip {tone}">{html.escape(text)}</em>' for tone, text in filter(None, chips)
    )
    return f'<span class="compare-chips">{shown}</span>' if shown else ""


def _languages(model: ModelResult) -> str:
    parts = (
        f"{LANGUAGES.get(code, code).capitalize()} ({wording.count(count, 'document')})"
        for code, count in model.uncovered_languages.items()
    )
    return f"not made for {', '.join(parts)}"
