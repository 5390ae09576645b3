"""A comparison in the terminal: tables, the recommendation, and where two models disagree."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rag_app.cli.output import counted, show, show_json, show_table

if TYPE_CHECKING:
    from rag_app.evaluation import Comparison, Material
    from rag_app.evaluation.difference import Difference
    from rag_app.evaluation.model_result import ModelResult
    from rag_app.evaluation.ranking import Found
    from rag_app.evaluation.result import ShownPassage

WIDTH = 98
SHOWN = 3
"""Questions shown with the result, so that a reader sees what was asked."""
_EXCERPT = 300


def show_questions(material: Material, *, json: bool) -> None:
    """All questions with their numbers and places."""
    if json:
        show_json([one.to_json(material.passages) for one in material.questions])
        return
    show(f"{material.question_set}:\n")
    for number, one in enumerate(material.questions, start=1):
        passage = material.passages.by_id[one.chunk_ids[0]]
        page = f", page {one.page}" if one.page and passage.document.paginated else ""
        show(f"{number:4}  {one.question}")
        show(f"      {passage.document.name}{page} ({one.source})")


def show_comparison(done: Comparison) -> None:
    """The tables, what should be known, and what to choose."""
    from rag_app.evaluation.wording import about, remarks

    _wrapped(f"{done.collection}: {about(done)}")
    for one in done.questions[:SHOWN]:
        _wrapped(f"for example: {one.question.question}", "  ")
    if done.models:
        show()
        _show_quality(done)
        show()
        _show_differences(done)
        _show_costs(done)
        show()
    for model in done.models:
        for remark in remarks(model):
            _wrapped(remark)
    for failure in done.failures:
        _wrapped(f"{failure.spec} was not compared: {failure.reason}")
    for notice in done.notices:
        _wrapped(notice)
    show()
    _wrapped(done.recommendation.sentence)


def show_differences(done: Comparison, count: int) -> None:
    """The clearest disagreements of the two models to look at first."""
    from rag_app.evaluation import differences, most_different

    pair = most_different(done)
    if pair is None:
        return
    found = differences(done, *pair)
    show(
        f"\n{pair[0]} and {pair[1]} put another passage first for {len(found)} of "
        f"{counted(len(done.questions), 'question')}."
    )
    for one in found[:count]:
        _show_difference(one, pair, done)


def _show_quality(done: Comparison) -> None:
    from rag_app.evaluation.wording import with_interval

    rows = []
    for model in done.models:
        hybrid, dense = model.hybrid, model.dense
        names = ("recall@1", "recall@5", "recall@10", "mrr@10")
        rows.append(
            (
                model.spec,
                with_interval(hybrid.measures["ndcg@10"]),
                *(f"{hybrid.measures[name].mean:.3f}" for name in names),
                with_interval(dense.measures["ndcg@10"]),
            )
        )
    heads = ("model", "nDCG@10 hybrid", "R@1", "R@5", "R@10", "MRR", "nDCG@10 dense")
    show_table(heads, rows)


def _show_differences(done: Comparison) -> None:
    """How far each model is behind the best, and whether chance can have made that."""
    from rag_app.evaluation.wording import to_leader

    if len(done.models) < 2:
        return
    rows = [(model.spec, to_leader(model.hybrid), to_leader(model.dense)) for model in done.models]
    show_table(("nDCG@10 minus the best", "hybrid", "dense"), rows)
    _wrapped(
        "95 % intervals, question by question, corrected for the number of models. Where 0 lies in "
        "one, the difference may be chance."
    )
    show()


def _show_costs(done: Comparison) -> None:
    heads = (
        "model",
        "passages/s",
        "ms p50/p95",
        "dim",
        "disk",
        "index",
        "memory",
        "cut",
        "unknown",
        "text",
    )
    show_table(heads, [_costs_row(model) for model in done.models])


def _costs_row(model: ModelResult) -> tuple[object, ...]:
    from rag_app.evaluation import wording

    costs = model.costs
    milliseconds = map(wording.milliseconds, (costs.query_ms_p50, costs.query_ms_p95))
    return (
        model.spec,
        wording.rate(costs.chunks_per_second),
        "/".join(milliseconds),
        costs.dimension,
        wording.size(costs.disk_bytes),
        wording.size(costs.index_bytes),
        wording.size(costs.memory_bytes),
        costs.truncated,
        wording.unknown_words(model.unknown),
        wording.destination(model).replace("stays here", "here"),
    )


def _show_difference(one: Difference, pair: tuple[str, str], done: Comparison) -> None:
    show()
    _wrapped(one.question.question.question)
    for spec, found in zip(pair, (one.first, one.second), strict=True):
        _wrapped(f"{spec} ({_verdict(found)}): {_excerpt(done, found.first)}", "  ")
    if one.first.rank != 1 and one.second.rank != 1:
        wanted = one.question.question.chunk_ids[0]
        _wrapped(f"asked for: {_excerpt(done, wanted)}", "  ")


def _verdict(found: Found) -> str:
    if found.rank == 1:
        return "right"
    return f"wrong; the right one at rank {found.rank}" if found.rank else "wrong"


def _excerpt(done: Comparison, chunk_id: str | None) -> str:
    if chunk_id is None:
        return "nothing"
    passage: ShownPassage = done.shown[chunk_id]
    page = f", page {passage.page}" if passage.page else ""
    text = " ".join(passage.text.split())
    text = text if len(text) <= _EXCERPT else text[:_EXCERPT].rsplit(" ", 1)[0] + " …"
    return f"{passage.document}{page}: {text}"


def _wrapped(text: str, indent: str = "") -> None:
    for line in textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent):
        show(line)
