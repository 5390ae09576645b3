"""``ingest`` and ``rag ingest``: files, folders and patterns into a collection."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from rag_app.cli import ingest_options, options
from rag_app.cli.ingest_clean import with_cleaning
from rag_app.cli.ingest_consent import agree_to_send
from rag_app.cli.ingest_modes import check_before, explain_file, paths_to_ingest
from rag_app.cli.ingest_report import say_report
from rag_app.cli.ingest_urls import check_network, ingest_urls
from rag_app.cli.ingest_watch import check_alone, watch_folders
from rag_app.cli.interrupt import stop_on_interrupt
from rag_app.cli.output import say, show_json
from rag_app.cli.progress import ProgressLine, progress_display
from rag_app.cli.run import INTERRUPTED
from rag_app.errors import EXIT_PARTIAL, RagError
from rag_app.settings import Settings
from rag_app.types.metadata import Metadata, parse_metadata

if TYPE_CHECKING:
    from ingest import IngestReport

WAITING = "Another process is writing to this collection. Waiting until it is done."
STOPPING = "\nStopping. What was finished is kept; Ctrl-C again ends at once."
REHEARSED = "Interrupted. Nothing was stored."
KEPT = "Interrupted. What was finished is kept; run the same command again to go on from there."


def ingest(
    context: typer.Context,
    paths: ingest_options.Paths = None,
    collection: options.Collection = None,
    sync: ingest_options.Sync = False,
    watch: ingest_options.Watch = False,
    meta: ingest_options.Meta = None,
    again: ingest_options.Again = False,
    retry_failed: ingest_options.RetryFailed = False,
    dry_run: ingest_options.DryRun = False,
    explain: ingest_options.Explain = None,
    report: ingest_options.Report = None,
    json: options.Json = False,
    quiet: ingest_options.Quiet = False,
    password: ingest_options.Password = None,
    yes: options.Yes = False,
    embedding: options.Embedding = None,
    chunk_tokens: ingest_options.ChunkTokens = None,
    chunk_overlap: ingest_options.ChunkOverlap = None,
    clean: ingest_options.Clean = None,
    urls: ingest_options.Urls = None,
    allow_network: ingest_options.AllowNetwork = False,
    config: options.Config = None,
    home: options.Home = None,
    sets: options.Sets = None,
) -> None:
    """Read documents into a collection.

    PDF, Office files, HTML, EPUB, e-mail, tables, text and archives are read. Files whose content
    is known cost nothing, a changed file replaces its old passages, and an interrupted run loses
    nothing that was finished.

    Before a new collection is made with a hosted model, you are told what would be sent and what
    that would cost, and asked; without a terminal, --yes agrees to it.

    The exit status is 0 when all went well, 2 for a path that is not there, 3 when some documents
    failed, and 130 after Ctrl-C.

    \b
    Examples:
      ingest handbook.pdf notes/
      ingest 'reports/**/*.pdf' --collection reports
      ingest notes/ --sync --report outcome.json
      ingest --watch /srv/share
      ingest --retry-failed --dry-run --report still-failing.csv
      ingest --explain odd.pdf
      ingest contracts/ --meta team=sales --meta year=2026
      ingest --allow-network --urls addresses.txt
    """
    settings = options.settings_for(
        context,
        options.common_flags(config, home, sets),
        collection=collection,
        pdf_password=password,
        embedding=embedding,
        chunk_tokens=chunk_tokens,
        chunk_overlap=chunk_overlap,
    )
    settings = with_cleaning(settings, clean)
    metadata = parse_metadata(meta or ())
    if explain is not None:
        explain_file(explain, paths, settings, json=json)
        return
    asked = _Asked(sync, watch, again, retry_failed, dry_run, yes, json, quiet)
    if urls is not None or (retry_failed and allow_network):
        check_network(paths, asked.others(listed=urls is not None), allowed=allow_network)
        work = partial(ingest_urls, urls, settings, metadata, WAITING, yes=yes, quiet=asked.silent)
        _work(work, lambda done: _tell(done, report, json=json, quiet=quiet))
    else:
        _ingest_paths(paths, settings, metadata, report, asked)


class _Asked(NamedTuple):
    """What is asked of a run besides its paths."""

    sync: bool
    watch: bool
    again: bool
    retry_failed: bool
    dry_run: bool
    yes: bool
    json: bool
    quiet: bool

    @property
    def silent(self) -> bool:
        """Whether no progress is shown."""
        return self.quiet or self.json

    def others(self, *, listed: bool) -> list[str]:
        """Options that say what is done with paths; addresses that are not listed are a retry."""
        given = {"--sync": self.sync, "--watch": self.watch, "--dry-run": self.dry_run}
        given["--again"] = self.again
        given["--retry-failed"] = self.retry_failed and listed
        return [option for option, is_given in given.items() if is_given]


def _ingest_paths(
    paths: list[str] | None,
    settings: Settings,
    metadata: Metadata,
    report: Path | None,
    asked: _Asked,
) -> None:
    wanted = paths_to_ingest(paths, settings, retry_failed=asked.retry_failed)
    check_before(wanted, report, sync=asked.sync)
    if not asked.dry_run:
        agree_to_send(wanted, settings, yes=asked.yes)
    if asked.watch:
        check_alone(
            dry_run=asked.dry_run,
            report=report is not None,
            retry_failed=asked.retry_failed,
            again=asked.again,
        )
        watch_folders(wanted, settings, metadata, json=asked.json, quiet=asked.quiet)
        return
    run = _rehearse if asked.dry_run else _ingest
    how = {"sync": asked.sync, "again": asked.again, "quiet": asked.silent}
    work = partial(run, wanted, settings, metadata, **how)
    _work(work, lambda done: _tell(done, report, json=asked.json, quiet=asked.quiet))


def _work(work: Callable[[], IngestReport], tell: Callable[[IngestReport], None]) -> None:
    """Does it, tells what became of the files, and ends with the exit status for that."""
    try:
        done = work()
    except RagError as error:
        from ingest import report_of

        if (partial := report_of(error)) is not None and partial.outcomes:
            tell(partial)
        raise
    tell(done)
    if done.interrupted:
        say(REHEARSED if done.rehearsed else KEPT)
        raise typer.Exit(INTERRUPTED)
    if done.failed or done.problems:
        raise typer.Exit(EXIT_PARTIAL)


def _ingest(
    paths: list[str],
    settings: Settings,
    metadata: Metadata,
    *,
    sync: bool,
    again: bool,
    quiet: bool,
) -> IngestReport:
    from ingest import ingest_paths

    display = ProgressLine() if quiet else progress_display()
    with stop_on_interrupt(STOPPING) as cancelled, display as show_progress:
        return ingest_paths(
            paths,
            settings,
            sync=sync,
            force=again,
            metadata=metadata,
            progress=show_progress,
            cancelled=cancelled,
            on_wait=lambda: say(WAITING),
        )


def _rehearse(
    paths: list[str],
    settings: Settings,
    _metadata: Metadata,
    *,
    sync: bool,
    again: bool,
    quiet: bool,
) -> IngestReport:
    from ingest.rehearse import rehearse

    display = ProgressLine() if quiet else progress_display()
    with stop_on_interrupt("\nStopping.") as cancelled, display as show_progress:
        return rehearse(
            paths, settings, sync=sync, force=again, progress=show_progress, cancelled=cancelled
        )


def _tell(done: IngestReport, report: Path | None, *, json: bool, quiet: bool) -> None:
    """Says what became of the files, in each form that was asked for."""
    try:
        if report is not None:
            from ingest.report_file import write_report

            write_report(done, report)
    finally:  # a disk that has become full must not take the other forms away
        if json:
            show_json(done.to_json())
        say_report(done, quiet=quiet or json)


app = typer.Typer(
    name="ingest",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # they show values of variables, keys among them
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command()(ingest)
