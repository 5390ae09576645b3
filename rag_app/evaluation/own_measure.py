"""Measures a collection by the user's own questions, and compares with the last time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rag_app.answering import Assistant
from rag_app.errors import RagError
from rag_app.evaluation.own_kept import changes_since, keep_run, kept_run, last_run
from rag_app.evaluation.own_outcomes import ask_all
from rag_app.evaluation.own_questions import OwnQuestions
from rag_app.evaluation.own_report import OwnReport

_STOPPED = "Stopped: {done} of {all} questions were asked. Nothing was kept to compare with."
SETTINGS = (
    "fusion",
    "rerank",
    "rerank_candidates",
    "rerank_seconds",
    "diversity",
    "neighbours",
    "reader",
    "answer_sentences",
    "abstain_below",
    "llm_context_tokens",
)
"""Those that change what is found or answered, besides the models and the number of passages."""

_NAMED = 3
"""Problems of the file that are told one by one."""


def measure_own(
    assistant: Assistant,
    asked: OwnQuestions,
    k: int | None = None,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> OwnReport:
    """Asks every question, and keeps what came of it for the next time unless it was stopped.

    Args:
        assistant: Of the collection.
        asked: The file.
        k: Passages that are found; the setting ``top_k`` unless given.
        progress: Told how many questions are asked, and of how many.
        cancelled: Asked whether to stop; the questions asked so far are reported.

    Raises:
        RagError: The embedding model or the language model does not answer.
    """
    settings, name = assistant.settings, assistant.collection.name
    k = settings.top_k if k is None else k
    outcomes = tuple(ask_all(assistant, asked.questions, k, progress, cancelled))
    report = OwnReport(
        name, asked.path, assistant.embeddings.identity.spec, settings.llm, k, outcomes
    )
    told = list(asked.problems[:_NAMED])
    if (more := len(asked.problems) - _NAMED) > 0:
        told.append(f"{asked.path.name}: {more} more lines cannot be asked.")
    if cancelled():
        told.append(_STOPPED.format(done=len(outcomes), all=len(asked.questions)))
        return replace(report, notices=tuple(told), interrupted=True)
    how = {one: getattr(settings, one) for one in SETTINGS}
    how |= {"passages": assistant.collection.info.chunks}
    now = kept_run(outcomes, report.all_figures, report.embedding, report.llm, k, how)
    before = last_run(asked.path, settings, name)
    try:
        keep_run(now, asked.path, settings, name)
    except RagError as error:  # no reason not to show what was measured
        told.append(str(error))
    changes = changes_since(before, now) if before else None
    return replace(report, changes=changes, notices=tuple(told))
