"""The tables of a comparison's page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag_app.evaluation import wording
from rag_app.evaluation.measures import MAIN
from rag_app.evaluation.model_result import WAYS, ModelResult, Scores
from rag_app.evaluation.result import Comparison


def quality_table(comparison: Comparison) -> str:
    """How well each model finds the passages, in both ways."""
    heads = ["", "nDCG@10 with keywords", "to the best", "MRR@10"]
    heads += ["recall@1", "recall@5", "recall@10", "nDCG@10 by vectors alone", "to the best"]
    rows = []
    for model in comparison.models:
        hybrid, dense = (model.scores(way) for way in WAYS)
        names = ("mrr@10", "recall@1", "recall@5", "recall@10")
        cells = [_main(hybrid), _to_leader(hybrid)]
        cells += [f"{hybrid.measures[name].mean:.3f}" for name in names]
        cells += [_main(dense), _to_leader(dense)]
        rows.append((model, cells))
    return _table(comparison, heads, rows)


def costs_table(comparison: Comparison) -> str:
    """What each model takes."""
    heads = ["", "passages/s", "question ms (p50, p95)", "dimension", "model", "index", "memory"]
    heads += ["cut off", "unknown words", "text goes to"]
    rows = []
    for model in comparison.models:
        costs = model.costs
        speeds = (
            wording.milliseconds(costs.query_ms_p50),
            wording.milliseconds(costs.query_ms_p95),
        )
        cells = [wording.rate(costs.chunks_per_second), ", ".join(speeds), f"{costs.dimension:,}"]
        sizes = (costs.disk_bytes, costs.index_bytes, costs.memory_bytes)
        cells += [wording.size(one) for one in sizes]
        cells += [f"{costs.truncated:,}", wording.unknown_words(model.unknown)]
        rows.append((model, [*map(escape, cells), escape(wording.destination(model))]))
    return _table(comparison, heads, rows)


def _main(scores: Scores) -> str:
    one = scores.measures[MAIN]
    return f"{one.mean:.3f} <small>[{one.low:.2f}–{one.high:.2f}]</small>"


def _to_leader(scores: Scores) -> str:
    if scores.to_leader is None:
        return wording.against_leader(scores.p_value)
    difference, _, rest = wording.to_leader(scores).partition(" ")
    return f"{difference} <small>{rest}, {wording.against_leader(scores.p_value)}</small>"


def _table(
    comparison: Comparison,
    heads: Sequence[str],
    rows: Sequence[tuple[ModelResult, Sequence[str]]],
) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    lines = []
    for model, cells in rows:
        tied = ' class="tied"' if model.spec in comparison.recommendation.tied else ""
        body = "".join(f"<td>{cell}</td>" for cell in cells)
        lines.append(f"<tr{tied}><td>{escape(model.spec)}</td>{body}</tr>\n")
    return (
        f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
        f"{''.join(lines)}</tbody>\n</table></div>"
    )
