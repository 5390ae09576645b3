"""What is kept of reports: the files of each collection that are not in it, and why.

One small file for each collection, beside the catalog; a file that comes in later leaves it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from ingest.load import LEFT_OUT, supported_suffixes
from ingest.load.members import leads_to_file
from rag_app.settings import Settings
from rag_app.store.report_files import report_file
from rag_app.types import FileOutcome
from rag_app.types.archives import ending, is_web_address
from rag_app.whole_files import write_whole


@dataclass(frozen=True, slots=True)
class Left:
    """A file that is not in a collection.

    Attributes:
        path: The file.
        state: ``failed`` or ``skipped``.
        reason: Why, and what to do.
        at: When that was found (UTC, ISO 8601).
    """

    path: str
    state: str
    reason: str
    at: str


def left_out(settings: Settings, collection: str) -> list[Left]:
    """The files that failed or were skipped when they were last tried, by path."""
    kept = _read(report_file(settings.home, collection))
    return [Left(path, **entry) for path, entry in sorted(kept.items())]


def failed_paths(settings: Settings, collection: str) -> tuple[list[str], list[str]]:
    """The files that failed when they were last tried: those there still, and those gone."""
    failed = [path for path in _failed(settings, collection) if not is_web_address(path)]
    there = {path: leads_to_file(path) for path in failed}
    return [path for path in failed if there[path]], [path for path in failed if not there[path]]


def failed_addresses(settings: Settings, collection: str) -> list[str]:
    """The web addresses whose documents failed when they were last tried."""
    return list(filter(is_web_address, _failed(settings, collection)))


def keep(
    settings: Settings,
    collection: str,
    outcomes: Iterable[FileOutcome],
    opened: frozenset[str] = frozenset(),
) -> None:
    """Brings what is kept of a collection up to date with a run.

    What cannot be written is not kept: the run itself, which is over, has succeeded or not.

    Args:
        settings: Name the place.
        collection: Its name.
        outcomes: What became of the files.
        opened: Archives in which nothing else is wrong than the outcomes say.
    """
    outcomes = list(outcomes)
    if not outcomes and not opened:
        return
    file = report_file(settings.home, collection)
    with suppress(OSError):
        if not file.exists() and not any(map(_is_left, outcomes)):
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock")):
            before = _read(file)
            after = _merged(_outside(before, opened), outcomes)
            if after != before:
                _write(file, after)


def drop(settings: Settings, collection: str, paths: Iterable[str]) -> None:
    """Keeps nothing more of some files, nor of what was in archives that are gone."""
    outcomes = [FileOutcome(path, "forgotten") for path in paths]
    gone = frozenset(one.path for one in outcomes if not leads_to_file(one.path))
    keep(settings, collection, outcomes, gone)


def _failed(settings: Settings, collection: str) -> list[str]:
    return [one.path for one in left_out(settings, collection) if one.state == "failed"]


def is_of_unknown_type(outcome: FileOutcome) -> bool:
    """Whether a file was skipped because neither its name nor its content is of a known type."""
    if outcome.state != "skipped" or ending(Path(outcome.path)) in supported_suffixes():
        return False
    return LEFT_OUT in outcome.reason


def _is_left(outcome: FileOutcome) -> bool:
    """Folders are full of files of types that are not read; nothing is to be done about those."""
    if outcome.state == "failed":
        return True
    return outcome.state == "skipped" and not is_of_unknown_type(outcome)


def _outside(kept: dict[str, dict[str, str]], opened: frozenset[str]) -> dict[str, dict[str, str]]:
    """What is neither one of these archives nor in one."""
    if not opened:
        return kept
    return {
        path: entry
        for path, entry in kept.items()
        if opened.isdisjoint((path, *map(str, Path(path).parents)))
    }


def _merged(
    kept: dict[str, dict[str, str]], outcomes: Iterable[FileOutcome]
) -> dict[str, dict[str, str]]:
    merged, now = dict(kept), datetime.now(UTC).isoformat(timespec="seconds")
    for one in outcomes:
        if not _is_left(one):
            merged.pop(one.path, None)
        elif (known := merged.get(one.path)) is None or known["reason"] != one.reason:
            merged[one.path] = {"state": one.state, "reason": one.reason, "at": now}
    return merged


def _read(file: Path) -> dict[str, dict[str, str]]:
    """Nothing if it is not there, or spoilt: it can be told anew."""
    try:
        kept = json.loads(file.read_text("utf-8"))
        return {
            str(path): {key: str(entry[key]) for key in ("state", "reason", "at")}
            for path, entry in kept["files"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write(file: Path, kept: dict[str, dict[str, str]]) -> None:
    write_whole(file, json.dumps({"files": kept}, ensure_ascii=False, indent=1))
