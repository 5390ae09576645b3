"""``rag eval questions``: a collection measured by the user's own questions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.interrupt import stop_on_interrupt
from rag_app.cli.output import counted, say, show, show_json, show_table
from rag_app.cli.run import INTERRUPTED

if TYPE_CHECKING:
    from rag_app.evaluation.own_kept import Changes
    from rag_app.evaluation.own_outcomes import Outcome
    from rag_app.evaluation.own_report import OwnReport

STOPPING = "\nStopping. The questions asked so far will be reported; Ctrl-C again ends at once."

_WRONG = {
    "document": "its document was not found",
    "page": "its page was not found",
    "text": "its text was not found",
    "answer": "the answer lacks the expected words",
    "abstained": "abstained",
    "answered": "answered what the documents do not tell",
}
_SHOWN = 60
"""Characters of a question in a table."""

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="CSV or JSONL: question, document, page, text, answer, answerable.",
    ),
]


def questions(
    context: typer.Context,
    file: File,
    collection: options.Collection = None,
    top_k: options.Passages = None,
    llm: options.Llm = None,
    json: options.Json = False,
) -> None:
    """Measure a collection by your own questions.

    How often the right document, page and text are among the passages, whether answers contain
    the expected words, and whether it abstains where nothing answers. A line that names no
    document, text or answer is such a question. The run is kept, and the next one with the same
    file tells what has changed.

    \b
    Examples:
      rag eval questions sample_docs/questions.jsonl
      rag eval questions my-questions.csv --collection manuals --top-k 10 --json
    """
    from rag_app.answering import Assistant
    from rag_app.evaluation.own_measure import measure_own
    from rag_app.evaluation.own_questions import read_own_questions
    from rag_app.store import Store

    settings = options.settings_for(context, collection=collection, top_k=top_k, llm=llm)
    with Store(settings) as store:
        asked = read_own_questions(file, store.get(settings.collection).documents())
        assistant = Assistant.open(settings, store)
        if (where := assistant.destination) is not None:
            say(f"Note: the questions go to {where}, with the passages where it answers them.")
        with stop_on_interrupt(STOPPING) as cancelled, _progress(quiet=json) as progress:
            report = measure_own(assistant, asked, progress=progress, cancelled=cancelled)
    if json:
        show_json(report.to_json())
    else:
        _show(report)
    for notice in report.notices:
        say(notice)
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rag_app.cli.stage_bar import StageBar

    with StageBar() as bar:
        yield lambda done, total: bar.move("asking", done, total)


def _show(report: OwnReport) -> None:
    abstention = report.abstention
    show(
        f"{report.collection}: {counted(len(report.outcomes), 'question')}, "
        f"{abstention.unanswerable} of them not answered by the documents; "
        f"{report.embedding}, {report.llm}, {counted(report.k, 'passage')}\n"
    )
    figures = {name: value for name, value in report.all_figures.items() if value is not None}
    before = report.changes.figures if report.changes else {}
    headers = ("measure", "now", "before") if before else ("measure", "now")
    rows = [
        (name, f"{value:.3f}", f"{before[name][0]:.3f}" if name in before else "—")[: len(headers)]
        for name, value in figures.items()
    ]
    show_table(headers, rows)
    _show_missed(report.missed)
    if report.changes is not None:
        _show_changes(report.changes)


def _show_missed(missed: list[Outcome]) -> None:
    if not missed:
        show("\nNothing is missed.")
        return
    show(f"\nMissed: {len(missed)}")
    rows = [
        (one.asked.line, _short(one.asked.question), ", ".join(_WRONG[m] for m in one.misses))
        for one in missed
    ]
    show_table(("line", "question", "what is wrong"), rows)


def _show_changes(changes: Changes) -> None:
    show(f"\nSince the run of {changes.since[:16].replace('T', ' ')} UTC:")
    for name, (old, new) in changes.settings.items():
        show(f"  {name}: {_value(old)} → {_value(new)}")
    if changes.new or changes.gone:
        show(f"  {counted(changes.new, 'new question')}, {changes.gone} no longer asked")
    if not changes.questions:
        show("  no question has another outcome")
    for one in changes.questions:
        for word, misses in (("mended", one.fixed), ("broken", one.broken)):
            if misses:
                what = ", ".join(_WRONG[miss] for miss in misses)
                show(f"  {word}: {_short(one.question)} ({what})")


def _value(setting: object) -> str:
    return "nothing" if setting == "" else str(setting)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
