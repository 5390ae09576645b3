"""Compares embedding models on one collection: the same passages, the same questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from rag_app.errors import RagError, UsageError
from rag_app.evaluation.hide import hide
from rag_app.evaluation.keyword_index import Keywords, memory_index
from rag_app.evaluation.model_result import ModelResult, Way
from rag_app.evaluation.notices import notices
from rag_app.evaluation.passages import Passages
from rag_app.evaluation.questions import EvalQuestion
from rag_app.evaluation.recommend import recommend
from rag_app.evaluation.result import (
    Comparison,
    ModelFailure,
    QuestionResult,
    ShownPassage,
)
from rag_app.evaluation.run import Interrupted, Measured, Step, Task, run_model
from rag_app.evaluation.scoring import score
from rag_app.retrieval.search import clean_question
from rag_app.settings import Settings
from rag_app.store import Collection


@dataclass(frozen=True, slots=True)
class Material:
    """What models are compared on.

    Attributes:
        collection: Searched by keywords; its passages are those below.
        passages: All of the collection, or a sample.
        questions: Each with what has to be found.
        question_set: Where they come from, for people.
        notices: What the reader should know of them.
    """

    collection: Collection
    passages: Passages
    questions: Sequence[EvalQuestion]
    question_set: str
    notices: tuple[str, ...] = ()


def compare_models(
    material: Material,
    specs: Sequence[str],
    settings: Settings,
    *,
    by: Way = "hybrid",
    seed: int = 0,
    progress: Callable[[Step], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Comparison:
    """Measures each model in turn.

    Every vector of a passage goes through the vector cache, so that a comparison that was
    stopped, and a model that is chosen in the end, cost little the second time. A model that
    fails is reported with its reason; the others go on.

    Args:
        material: Passages and questions.
        specs: The models; a spec that needs a fit is fitted on the passages.
        settings: For loading models.
        by: What models are ranked by: found with keywords, or by vectors alone.
        seed: Of the intervals and tests.
        progress: Told how far it is.
        cancelled: Asked often whether to stop; the models that are done are then reported.

    Raises:
        UsageError: There is no passage, no question or no model.
    """
    _check(material, specs)
    name = material.collection.name
    passages = hide(material.passages, material.questions)
    asked = [clean_question(one.question)[0] for one in material.questions]
    unique = list(dict.fromkeys(specs))
    with _index(material, passages) as index:
        task = Task(
            collection=name,
            settings=settings,
            passages=passages,
            questions=material.questions,
            asked=asked,
            index=index,
            check=partial(_check_stop, cancelled),
        )
        measured, failures, interrupted = _run_all(unique, task, progress)
    told = notices(
        material.passages,
        material.questions,
        unique,
        settings,
        done=len(measured) + len(failures),
    )
    models = score(measured, material.questions, by, seed)
    return Comparison(
        collection=name,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        by=by,
        question_set=material.question_set,
        passages=len(material.passages.all),
        total_passages=material.passages.total,
        models=models,
        failures=tuple(failures),
        recommendation=recommend(models, len(material.questions), by),
        questions=_per_question(measured, models, material.questions),
        shown=_shown(measured, material),
        notices=(*material.notices, *told),
        interrupted=interrupted,
        seed=seed,
    )


def _run_all(
    specs: Sequence[str], task: Task, progress: Callable[[Step], None] | None
) -> tuple[list[Measured], list[ModelFailure], bool]:
    """Measures the models one by one; the last value tells whether the user stopped it."""
    measured: list[Measured] = []
    failures: list[ModelFailure] = []
    for number, spec in enumerate(specs, start=1):
        tell = partial(_tell, progress, spec, number, len(specs))
        try:
            measured.append(run_model(spec, replace(task, tell=tell)))
        except Interrupted:
            return measured, failures, True
        except RagError as error:
            failures.append(ModelFailure(spec, str(error)))
        except Exception as error:  # noqa: BLE001 - one model of several, maybe the user's own code
            failures.append(ModelFailure(spec, f"It failed with {_described(error)}"))
    return measured, failures, False


def _check(material: Material, specs: Sequence[str]) -> None:
    if not specs:
        raise UsageError("No model is named. Give at least one: --models minilm,tfidf")
    if not material.passages.all:
        raise UsageError("The collection is empty. Ingest documents first: ingest PATH")
    if not material.questions:
        raise UsageError(
            "There are no questions to compare by: the documents have too little text to make "
            "some. Give your own, from a file (in the terminal --questions FILE)."
        )


def _check_stop(cancelled: Callable[[], bool] | None) -> None:
    if cancelled is not None and cancelled():
        raise Interrupted


def _tell(
    progress: Callable[[Step], None] | None,
    spec: str,
    number: int,
    models: int,
    stage: str,
    done: int,
    total: int,
) -> None:
    if progress is not None:
        progress(Step(spec, number, models, stage, done, total))


def _index(material: Material, passages: Passages) -> AbstractContextManager[Keywords]:
    """The words of the passages: the collection's own index where it holds just these."""
    if passages is material.passages and len(passages.all) == passages.total:
        return nullcontext(material.collection)
    return memory_index(passages)


def _per_question(
    measured: Sequence[Measured],
    models: Sequence[ModelResult],
    questions: Sequence[EvalQuestion],
) -> tuple[QuestionResult, ...]:
    by_spec = {one.spec: one for one in measured}
    ordered = [by_spec[model.spec] for model in models]
    return tuple(
        QuestionResult(
            question,
            {one.spec: one.hybrid[number] for one in ordered},
            {one.spec: one.dense[number] for one in ordered},
        )
        for number, question in enumerate(questions)
    )


def _shown(measured: Sequence[Measured], material: Material) -> dict[str, ShownPassage]:
    wanted = {question.chunk_ids[0] for question in material.questions}
    for one in measured:
        wanted |= {found.first for found in (*one.hybrid, *one.dense) if found.first}
    known = material.passages.by_id
    return {
        id_: ShownPassage(
            known[id_].chunk.text,
            known[id_].document.name,
            known[id_].chunk.page if known[id_].document.paginated else None,
        )
        for id_ in sorted(wanted)
        if id_ in known
    }


def _described(error: Exception) -> str:
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first[:200]}"
