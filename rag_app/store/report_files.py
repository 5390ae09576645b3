"""Where the files that are not in a collection are kept; the list follows the collection's name."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def report_file(home: Path, collection: str) -> Path:
    """The file for a collection, whether it is there or not."""
    return home / "reports" / f"{collection}.json"


def rename_report(home: Path, old: str, new: str) -> None:
    """Has the list follow a collection that was renamed."""
    with suppress(OSError):
        report_file(home, old).replace(report_file(home, new))


def delete_report(home: Path, collection: str) -> None:
    """Forgets the list of a collection that was deleted."""
    with suppress(OSError):
        report_file(home, collection).unlink()
