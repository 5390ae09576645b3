"""Runs as trec_eval reads them: measured by ir-measures, and written to files.

trec_eval orders a run by score, at single precision, and equal scores by the documents' names, last
name first; its ranks need not be ours then. So the scores of a run are made to fall strictly, which
keeps the order in which the documents were found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag_app.errors import RagError
from rag_app.evaluation.beir_files import Grades
from rag_app.retrieval.fuse import Ranking
from rag_app.whole_files import write_whole

Run = Mapping[str, Mapping[str, float]]
"""Question → document → score."""

STANDARD = ("ndcg@10", "recall@10", "recall@100", "mrr@10", "map")
"""Always measured."""


def measure_names(cutoffs: Iterable[int] = ()) -> list[str]:
    """The standard measures, then nDCG and recall at further cut-offs."""
    further = (f"{name}@{k}" for k in cutoffs for name in ("ndcg", "recall"))
    return list(dict.fromkeys([*STANDARD, *further]))


def depth_of(names: Iterable[str]) -> int:
    """How many documents must be found for these measures."""
    return max(int(name.partition("@")[2] or 0) for name in names)


def to_run(rankings: Mapping[str, Ranking]) -> dict[str, dict[str, float]]:
    """Rankings, best first, as a run whose scores give the same order."""
    return {question: _falling(ranking) for question, ranking in rankings.items()}


def measure_run(grades: Grades, run: Run, names: Sequence[str]) -> dict[str, float]:
    """Means over all judged questions, as ``pytrec_eval`` computes them; 0 where nothing is found.

    Args:
        grades: The judgements.
        run: What was found.
        names: Of ``measure_names``.
    """
    import ir_measures

    measures = {_measure(name): name for name in names}
    found = ir_measures.calc_aggregate(list(measures), _plain(grades), _plain(run))
    values = {measures[measure]: float(value) for measure, value in found.items()}
    return {name: values[name] for name in names}


def write_run(path: Path, run: Run, tag: str) -> None:
    """Writes a run in TREC's format: question, Q0, document, rank, score, tag.

    Raises:
        RagError: It cannot be written.
    """
    lines = [
        f"{question} Q0 {document} {rank} {score!r} {tag}\n"
        for question, found in run.items()
        for rank, (document, score) in enumerate(found.items(), start=1)
    ]
    try:
        write_whole(path, "".join(lines))
    except OSError as error:
        raise RagError(
            f"The run cannot be written to {path} ({error.strerror}). Name another folder."
        ) from error


def _falling(ranking: Ranking) -> dict[str, float]:
    scores: dict[str, float] = {}
    last = np.float32(np.inf)
    for document, score in ranking:
        last = min(np.float32(score), np.nextafter(last, np.float32(-np.inf)))
        scores[document] = float(last)
    return scores


def _plain(given: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {question: dict(row) for question, row in given.items()}


def _measure(name: str) -> Any:  # noqa: ANN401 - ir-measures has no types
    from ir_measures import AP, RR, R, nDCG

    kind, _, cutoff = name.partition("@")
    measure = {"ndcg": nDCG, "recall": R, "mrr": RR, "map": AP}[kind]
    return measure @ int(cutoff) if cutoff else measure
