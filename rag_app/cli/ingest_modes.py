"""What ``ingest`` can be asked besides to ingest: ``--explain`` and ``--retry-failed``."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from rag_app.cli.ingest_explain import show_stages
from rag_app.cli.output import check_writable, counted, say, show_json
from rag_app.errors import UsageError
from rag_app.settings import Settings


def explain_file(
    file: Path, others: Sequence[str] | None, settings: Settings, *, json: bool
) -> None:
    """Shows every stage's output for one file.

    Args:
        file: Which.
        others: What else was named, which would be passed over.
        settings: What is in force.
        json: Show it as JSON.

    Raises:
        UsageError: There is no such file, or more than one was named.
        RagError: It cannot be ingested; the message says why.
    """
    from ingest.load.members import leads_to_file
    from ingest.stages import stages_of

    if others:
        raise UsageError(f"--explain shows one file at a time. Leave out '{others[0]}'.")
    given = file.expanduser()
    if not leads_to_file(given):
        raise UsageError(f"There is no file '{file}'. Correct the path.")
    if given.is_dir():
        raise UsageError(f"'{file}' is a folder, and --explain shows one file. Name one in it.")
    stages = stages_of(file, settings)
    if json:
        show_json(stages.to_json())
    else:
        show_stages(stages)


def paths_to_ingest(
    given: Sequence[str] | None, settings: Settings, *, retry_failed: bool
) -> list[str]:
    """The paths given, and with ``--retry-failed`` the files that failed before.

    Raises:
        UsageError: There is nothing to do.
    """
    paths = list(given or ())
    if not retry_failed:
        if not paths:
            raise UsageError("Give at least one file or folder to ingest.")
        return paths
    from ingest.kept import drop, failed_addresses, failed_paths

    if addresses := failed_addresses(settings, settings.collection):
        say(
            f"{counted(len(addresses), 'web address', 'web addresses')} failed before; "
            "`ingest --retry-failed --allow-network` fetches what is there."
        )
    there, gone = failed_paths(settings, settings.collection)
    if gone:
        say(f"{counted(len(gone), 'file')} that failed before: not there any more.")
        drop(settings, settings.collection, gone)
    if not there and not paths:
        raise UsageError(
            f"No file of '{settings.collection}' is known to have failed. Give the files to ingest."
        )
    return [*paths, *there]


def check_before(paths: list[str], report: Path | None, *, sync: bool) -> None:
    """Finds out before the work that a path is not there, or that the report cannot be written.

    Raises:
        UsageError: It is so.
    """
    if not sync:  # with it, a path that is gone is a reason to forget it
        _check_paths(paths)
    if report is not None:
        check_writable(report, "report")


def _check_paths(paths: list[str]) -> None:
    missing = [path for path in paths if not _leads_to_something(path)]
    if missing:
        names = ", ".join(f"'{path}'" for path in missing)
        raise UsageError(f"There is no file or folder {names}. Correct the path; nothing was done.")


def _leads_to_something(path: str) -> bool:
    expanded = str(Path(path).expanduser())
    from ingest.load.members import leads_to_file

    if leads_to_file(expanded):
        return True
    matches = glob.glob(expanded, recursive=True)  # noqa: PTH207 - as the ingestion reads patterns
    return glob.has_magic(expanded) and bool(matches)
