"""``ingest`` and ``rag ingest``: files, folders and patterns into a collection."""

from __future__ import annotations

import glob
import json as json_module
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.ingest_report import say_report
from rag_app.cli.interrupt import stop_on_interrupt
from rag_app.cli.output import say, show_json
from rag_app.cli.progress import ProgressLine, progress_display
from rag_app.cli.run import INTERRUPTED, run
from rag_app.errors import EXIT_PARTIAL, RagError, UsageError
from rag_app.settings import Settings

if TYPE_CHECKING:
    from ingest import IngestReport

STOPPING = "\nStopping. What was finished is kept; Ctrl-C again ends at once."
KEPT = "Interrupted. What was finished is kept; run the same command again to go on from there."


def ingest(
    context: typer.Context,
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files, folders, or patterns such as 'docs/*.pdf'."),
    ],
    collection: options.Collection = None,
    sync: Annotated[
        bool, typer.Option("--sync", help="Also forget documents below PATH that are gone.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE", help="Write what became of each file, as JSON, to FILE."
        ),
    ] = None,
    json: options.Json = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say only what was skipped or failed.")
    ] = False,
    password: Annotated[
        str | None,
        typer.Option(
            "--password",
            metavar="TEXT",
            help="Password of encrypted PDF files; RAG_PDF_PASSWORD keeps it out of process lists.",
            show_default=False,
        ),
    ] = None,
    embedding: options.Embedding = None,
    chunk_tokens: Annotated[
        int | None,
        typer.Option(
            "--chunk-tokens",
            metavar="N",
            help="Largest passage of a new collection, in tokens.",
            show_default=False,
        ),
    ] = None,
    chunk_overlap: Annotated[
        int | None,
        typer.Option(
            "--chunk-overlap",
            metavar="N",
            help="Tokens repeated from the passage before.",
            show_default=False,
        ),
    ] = None,
    config: options.Config = None,
    home: options.Home = None,
    sets: options.Sets = None,
) -> None:
    """Read documents into a collection: PDF, plain text and Markdown.

    Files whose content is known cost nothing, a changed file replaces its old passages, and an
    interrupted run loses nothing that was finished. The exit status is 0 when all went well, 2
    for a path that is not there, 3 when some documents failed, and 130 after Ctrl-C.

    \b
    Examples:
      ingest handbook.pdf notes/
      ingest 'reports/**/*.pdf' --collection reports
      ingest notes/ --sync --report outcome.json
    """
    settings = options.settings_for(
        context,
        **options.common_flags(config, home, sets),
        collection=collection,
        pdf_password=password,
        embedding=embedding,
        chunk_tokens=chunk_tokens,
        chunk_overlap=chunk_overlap,
    )
    if not sync:  # with it, a path that is gone is a reason to forget it
        _check_paths(paths)
    if report is not None:
        _check_writable(report)
    try:
        done = _ingest(paths, settings, sync=sync, quiet=quiet or json)
    except RagError as error:
        from ingest.report import report_of

        if (partial := report_of(error)) is not None:
            _tell(partial, report, json=json, quiet=quiet)
        raise
    except KeyboardInterrupt:
        say(KEPT)
        raise typer.Exit(INTERRUPTED) from None
    _tell(done, report, json=json, quiet=quiet)
    if done.interrupted:
        say(KEPT)
        raise typer.Exit(INTERRUPTED)
    if done.failed:
        raise typer.Exit(EXIT_PARTIAL)


def _ingest(paths: list[str], settings: Settings, *, sync: bool, quiet: bool) -> IngestReport:
    from ingest import ingest_paths

    display = ProgressLine() if quiet else progress_display()
    with stop_on_interrupt(STOPPING) as cancelled, display as show_progress:
        return ingest_paths(paths, settings, sync=sync, progress=show_progress, cancelled=cancelled)


def _tell(done: IngestReport, report: Path | None, *, json: bool, quiet: bool) -> None:
    """Says what became of the files, in each form that was asked for."""
    if report is not None:
        text = json_module.dumps(done.to_json(), ensure_ascii=False, indent=2)
        report.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
    if json:
        show_json(done.to_json())
    say_report(done, quiet=quiet or json)


def _check_paths(paths: list[str]) -> None:
    missing = [path for path in paths if not _leads_to_something(path)]
    if missing:
        names = ", ".join(f"'{path}'" for path in missing)
        raise UsageError(f"There is no file or folder {names}. Correct the path; nothing was done.")


def _leads_to_something(path: str) -> bool:
    expanded = str(Path(path).expanduser())
    matches = glob.has_magic(expanded) and any(glob.iglob(expanded, recursive=True))
    return os.path.lexists(expanded) or matches


def _check_writable(report: Path) -> None:
    """Finds out before hours of work, not after them, that the report cannot be written."""
    try:
        report.open("a", encoding="utf-8").close()
    except OSError as error:
        raise UsageError(
            f"The report cannot be written to {report} ({error.strerror}). Name another file."
        ) from error


app = typer.Typer(
    name="ingest",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command()(ingest)


def main() -> None:
    """The console command ``ingest``; ``python -m ingest`` is the same."""
    run(app, "ingest")
