"""``rag eval beir``: retrieval measured on a public test set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.compare_progress import compare_display
from rag_app.cli.complete import model_specs
from rag_app.cli.consent import agree
from rag_app.cli.interrupt import stop_on_interrupt
from rag_app.cli.output import counted, say, show, show_json, show_table
from rag_app.cli.run import INTERRUPTED
from rag_app.errors import EXIT_ERROR, UsageError

if TYPE_CHECKING:
    from rag_app.evaluation.beir_files import BeirSet
    from rag_app.evaluation.beir_report import BeirReport
    from rag_app.settings import Settings

STOPPING = "\nStopping. The models that are done will be reported; Ctrl-C again ends at once."
DEEPEST = 1000

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", help="A set in the BEIR layout: corpus.jsonl, queries.jsonl, qrels/."
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--models",
        "-m",
        metavar="A,B,…",
        help="Models to measure, as `rag models` lists them [default: that of the settings]",
        autocompletion=model_specs,
        show_default=False,
    ),
]
Cutoffs = Annotated[
    str | None,
    typer.Option(
        "--k",
        metavar="N,M,…",
        help="Give nDCG and recall at these ranks as well, up to 1000.",
        show_default=False,
    ),
]
Split = Annotated[
    str, typer.Option("--split", metavar="NAME", help="Which judgements: qrels/NAME.tsv.")
]
Runs = Annotated[
    Path | None,
    typer.Option(
        "--runs",
        metavar="FOLDER",
        help="Write what was found there, as TREC run files [default: benchmarks/runs/SET-SPLIT in "
        "RAG_HOME, in place of those of the last run]",
        show_default=False,
    ),
]


def beir(
    context: typer.Context,
    folder: Folder,
    models: Models = None,
    k: Cutoffs = None,
    split: Split = "test",
    runs: Runs = None,
    json: options.Json = False,
    yes: options.Yes = False,
) -> None:
    """Measure retrieval on a test set: by vectors, by keywords, and by both.

    Each document is one passage, as the set defines it. nDCG@10, recall@10 and @100, MRR@10 and
    MAP (of the documents found), as trec_eval computes them. What was found is saved as TREC run
    files. The index is kept in RAG_HOME, so a second run embeds only the questions.

    \b
    Examples:
      rag eval beir scifact
      rag eval beir scifact --models minilm,static:minilm --runs runs --json
    """
    from rag_app.evaluation.beir import measure_beir
    from rag_app.evaluation.beir_files import read_beir
    from rag_app.evaluation.run_files import check_run_folder, keep_runs, own_run_folder

    settings = options.settings_for(context)
    cutoffs = _cutoffs(k)
    measured = read_beir(folder, split)
    if runs is not None:
        check_run_folder(measured, runs)
    specs = _specs(models, settings)
    _agree(specs, measured, settings, yes=yes)
    with stop_on_interrupt(STOPPING) as cancelled, compare_display(quiet=json) as progress:
        report = measure_beir(
            measured, specs, settings, cutoffs, progress=progress, cancelled=cancelled
        )
    report = keep_runs(report, own_run_folder(measured, settings) if runs is None else runs)
    _tell(report, json=json)
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)
    if not report.models or (runs is not None and not report.run_files):
        raise typer.Exit(EXIT_ERROR)


def _specs(models: list[str] | None, settings: Settings) -> list[str]:
    from rag_app.embeddings.resolve import AUTO, DEFAULT

    named = [spec.strip() for part in models or [] for spec in part.split(",")]
    specs = [spec for spec in named if spec] or [settings.embedding]
    return list(dict.fromkeys(DEFAULT if spec == AUTO else spec for spec in specs))


def _cutoffs(given: str | None) -> list[int]:
    parts = [part.strip() for part in (given or "").split(",") if part.strip()]
    wrong = [one for one in parts if not one.isdecimal() or not 1 <= int(one) <= DEEPEST]
    if wrong:
        raise UsageError(f"--k {wrong[0]}: give ranks from 1 to {DEEPEST}, such as --k 1,5,20.")
    return list(map(int, parts))


def _agree(specs: list[str], measured: BeirSet, settings: Settings, *, yes: bool) -> None:
    from rag_app.embeddings.cost import cost_of
    from rag_app.embeddings.estimate import estimate_tokens

    hosted = [spec for spec in specs if cost_of(spec, 0, settings)]
    texts = [document.whole for document in measured.documents.values()] if hosted else []
    tokens = sum(map(estimate_tokens, [*texts, *measured.questions.values()]))
    costs = (cost_of(spec, tokens, settings) for spec in hosted)
    agree([cost for cost in costs if cost is not None], "Documents", yes=yes)


def _tell(report: BeirReport, *, json: bool) -> None:
    if json:
        show_json(report.to_json())
    else:
        _show(report)
    for spec, why in report.failures.items():
        say(f"{spec} was not measured: {why}")
    for notice in report.notices:
        say(notice)
    if report.run_files:
        say(f"Wrote {counted(len(report.run_files), 'run file')} to {report.run_files[0].parent}")


def _show(report: BeirReport) -> None:
    if not report.models:
        return
    names = list(next(iter(report.models[0].measures.values())))
    rows = [
        (one.spec, way, *(f"{values[name]:.3f}" for name in names))
        for one in report.models
        for way, values in one.measures.items()
    ]
    documents = counted(len(report.beir.documents), "document")
    questions = counted(len(report.beir.questions), "question")
    show(f"{report.beir.name}, {report.beir.split}: {documents}, {questions}\n")
    show_table(("model", "ranked by", *names), rows)
