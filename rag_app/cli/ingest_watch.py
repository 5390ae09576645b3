"""``ingest --watch``: a collection follows its folders until Ctrl-C."""

from __future__ import annotations

import json as json_module
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rag_app.cli.ingest_report import say_report
from rag_app.cli.interrupt import stop_on_interrupt
from rag_app.cli.output import counted, say, show
from rag_app.errors import UsageError
from rag_app.settings import Settings
from rag_app.types.metadata import Metadata

if TYPE_CHECKING:
    from ingest import IngestReport

STOPPING = "\nStopping. What was finished is kept; Ctrl-C again ends at once."


def check_alone(**others: bool) -> None:
    """Refuses options that do not go with ``--watch``.

    Args:
        others: Their names, and whether they were given.

    Raises:
        UsageError: One was.
    """
    for name, given in others.items():
        if given:
            option = name.replace("_", "-")
            raise UsageError(f"--{option} does not go with --watch. Leave one of them out.")


def watch_folders(
    paths: Sequence[str],
    settings: Settings,
    metadata: Metadata,
    *,
    json: bool,
    quiet: bool,
) -> None:
    """Follows folders until Ctrl-C, one line for each round.

    Args:
        paths: The folders.
        settings: Name the collection.
        metadata: What is said of all files.
        json: Print each round's report as one line of JSON.
        quiet: Say only what failed.

    Raises:
        UsageError: A path is no folder.
        RagError: The first look through the folders cannot be done.
    """
    from ingest.watch import Watcher

    def tell(report: IngestReport) -> None:
        if json:
            show(json_module.dumps(report.to_json(), ensure_ascii=False))
        say_report(report, quiet=True)
        if not quiet:
            say(_line(report))

    with stop_on_interrupt(STOPPING) as cancelled:
        if not quiet:
            folders = counted(len(paths), "folder")
            say(f"Watching {folders} for '{settings.collection}'. Ctrl-C ends it.")
        Watcher(paths, settings, tell=tell, warn=say, cancelled=cancelled, metadata=metadata).run()


def _line(report: IngestReport) -> str:
    """A round in one line."""
    states = ", ".join(f"{number} {state}" for state, number in report.states.items())
    return f"{datetime.now().astimezone():%H:%M:%S}  {states} ({report.seconds:.1f} s)"
