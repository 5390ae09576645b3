"""The last comparison of each collection, kept until the next one.

It lies in ``settings.home/comparisons/COLLECTION.json`` and goes with its collection, as the saved
questions and the runs of own_kept.py do: the edges that rename and delete collections call
``move_kept`` and ``forget_kept``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from typing import Any

from rag_app.errors import RagError, UsageError
from rag_app.evaluation.measures import Interval
from rag_app.evaluation.model_result import Costs, ModelResult, Scores, Unknown
from rag_app.evaluation.own_kept import kept_folder
from rag_app.evaluation.questions import EvalQuestion, saved_path
from rag_app.evaluation.ranking import Found
from rag_app.evaluation.result import (
    Comparison,
    ModelFailure,
    QuestionResult,
    Recommendation,
    ShownPassage,
)
from rag_app.settings import Settings
from rag_app.whole_files import write_whole

_PLAIN = ("collection", "made_at", "by", "question_set", "passages", "total_passages")


def kept_path(settings: Settings, collection: str) -> Path:
    """Where the last comparison of a collection is kept."""
    return settings.home / "comparisons" / f"{collection}.json"


def keep_comparison(comparison: Comparison, settings: Settings) -> Path:
    """Keeps a comparison in place of the one before; returns where.

    Raises:
        RagError: It cannot be written.
    """
    path = kept_path(settings, comparison.collection)
    text = json.dumps(comparison.to_json(), ensure_ascii=False)
    try:
        write_whole(path, text)
    except OSError as error:
        raise RagError(
            f"The comparison could not be kept in {path.parent} ({error.strerror}). Make room or "
            "correct the permissions of that folder."
        ) from error
    return path


def kept_comparison(settings: Settings, collection: str) -> Comparison | None:
    """The last comparison of a collection; None if there is none.

    Raises:
        UsageError: The file is damaged, or of another version.
    """
    path = kept_path(settings, collection)
    try:
        return comparison_from(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"The last comparison of '{collection}' cannot be read: {path} is damaged or was "
            "written by another version. Compare again; that replaces it."
        ) from error


def move_kept(settings: Settings, old: str, new: str) -> None:
    """Lets a renamed collection keep its comparison, its questions and its measurements."""
    rmtree(kept_folder(settings, new), ignore_errors=True)  # of one that had this name before
    for path in (kept_path, saved_path, kept_folder):
        if path(settings, old).exists():
            path(settings, old).replace(path(settings, new))


def forget_kept(settings: Settings, collection: str) -> None:
    """Removes the comparison, the questions and the measurements of a collection that is gone."""
    rmtree(kept_folder(settings, collection), ignore_errors=True)
    for path in (kept_path, saved_path):
        with suppress(OSError):
            path(settings, collection).unlink(missing_ok=True)


def comparison_from(data: Mapping[str, Any]) -> Comparison:
    """Reads what ``Comparison.to_json`` gives; of its questions all but their own documents."""
    choice = data["recommendation"]
    return Comparison(
        **{name: data[name] for name in _PLAIN},
        models=tuple(_model(one) for one in data["models"]),
        failures=tuple(ModelFailure(**one) for one in data["failures"]),
        recommendation=Recommendation(**choice | {"tied": tuple(choice["tied"])}),
        questions=tuple(_question(one) for one in data["questions"]),
        shown={id_: ShownPassage(**one) for id_, one in data["shown"].items()},
        notices=tuple(data["notices"]),
        interrupted=data["interrupted"],
        seed=data["seed"],
    )


def _model(data: Mapping[str, Any]) -> ModelResult:
    unknown = data["unknown"]
    return ModelResult(
        spec=data["spec"],
        model=data["model"],
        hybrid=_scores(data["hybrid"]),
        dense=_scores(data["dense"]),
        costs=Costs(**data["costs"]),
        unknown=Unknown(**unknown | {"examples": tuple(unknown["examples"])}) if unknown else None,
        uncovered_languages=data["uncovered_languages"],
    )


def _scores(data: Mapping[str, Any]) -> Scores:
    measures = {name: Interval(**one) for name, one in data["measures"].items()}
    difference = data.get("to_leader")
    return Scores(
        measures, data["leads"], data["p_value"], Interval(**difference) if difference else None
    )


def _question(data: Mapping[str, Any]) -> QuestionResult:
    targets = tuple(tuple(target) for target in data["targets"])
    return QuestionResult(
        EvalQuestion(data["question"], None, None, targets, data["source"]),
        {spec: _found(one) for spec, one in data["hybrid"].items()},
        {spec: _found(one) for spec, one in data["dense"].items()},
    )


def _found(data: Mapping[str, Any]) -> Found:
    return Found(data["first"], data["rank"], tuple(data["ranks"]))
