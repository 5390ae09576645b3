"""Documents from a list of web addresses: fetched, ingested as files, known by their addresses.

What is fetched lies in a folder of its own, the same for an address in every run, until its
document is in the collection under the address. A run that is killed in between is put right by
the next one.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.fetch import Limits, fetch
from ingest.kept import drop, keep
from ingest.limits import options_of
from ingest.pipeline import ingest_paths
from ingest.plan import outcome_of_error
from rag_app.errors import DocumentError, DocumentUnreadableError, UsageError
from rag_app.settings import Settings, without_credentials
from rag_app.types import FileOutcome
from rag_app.types.archives import is_archive, is_web_address

if TYPE_CHECKING:
    from ingest.report import IngestReport, Progress
    from rag_app.types import Metadata

_DIGITS = 16


@dataclass(slots=True)
class Fetched:
    """What was fetched.

    Attributes:
        addresses: For each file, the address that it is known by.
        refused: Outcomes of the others.
    """

    addresses: dict[str, str] = field(default_factory=dict)
    refused: list[FileOutcome] = field(default_factory=list)

    @property
    def folders(self) -> tuple[str, ...]:
        """Where the files are, one in each."""
        return tuple(f"{Path(file).parent}/" for file in self.addresses)


def read_list(file: Path) -> list[str]:
    """The addresses in a file: one a line, without empty lines and remarks (``#``).

    Raises:
        UsageError: It cannot be read, or has none.
    """
    try:
        lines = file.expanduser().read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"The list {file} cannot be read ({reason}). Correct the path.") from error
    found = [line.strip() for line in lines]
    addresses = list(dict.fromkeys(one for one in found if one and not one.startswith("#")))
    if not addresses:
        raise UsageError(f"The list {file} has no address in it. Write one on each line.")
    return addresses


@contextmanager
def fetched(
    addresses: Iterable[str], settings: Settings, stop: Callable[[], bool]
) -> Iterator[Fetched]:
    """Fetches documents; their files are there within the block."""
    found = Fetched()
    limits = Limits(options_of(settings).max_bytes)
    try:
        for address in addresses:
            if stop():
                break
            called = without_credentials(address)
            digest = hashlib.sha256(address.encode()).hexdigest()[:_DIGITS]
            folder = settings.home / "downloads" / digest
            try:
                file = _fetch(address, folder, limits, stop)
            except DocumentError as error:
                if not stop():
                    reason = str(error).replace(address, called)
                    found.refused.append(replace(outcome_of_error(called, error), reason=reason))
            else:
                found.addresses[str(file)] = called
        yield found
    finally:
        for folder in map(Path, found.folders):
            shutil.rmtree(folder, ignore_errors=True)


def ingest_fetched(
    found: Fetched,
    settings: Settings,
    *,
    metadata: Metadata = (),
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    on_wait: Callable[[], None] | None = None,
) -> IngestReport:
    """Brings what was fetched into the collection, under the addresses.

    Raises:
        RagError: As ``ingest_paths``. What was finished is put right by the next run.
    """
    from ingest.report import IngestReport

    name, before = settings.collection, _paths(settings)
    # A line of the list that is no address is not worth another try.
    keep(settings, name, (one for one in found.refused if is_web_address(one.path)))
    if not found.addresses:
        return IngestReport(tuple(found.refused), name, 0.0)
    report = ingest_paths(
        list(found.addresses),
        settings,
        metadata=metadata,
        progress=progress,
        cancelled=cancelled,
        on_wait=on_wait,
    )
    stored = {
        found.addresses[one.path]: one.document_id
        for one in report.outcomes
        if one.state in {"added", "updated", "duplicate", "unchanged"}
    }
    if stored:
        _rename(found, stored, settings)
    drop(settings, name, found.addresses)
    outcomes = [_told(one, found, before) for one in report.outcomes]
    keep(settings, name, outcomes)
    return replace(report, outcomes=(*found.refused, *outcomes))


def _fetch(address: str, folder: Path, limits: Limits, stop: Callable[[], bool]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        file = fetch(address, folder, limits, stop)
    except OSError as error:
        raise DocumentUnreadableError(
            f"{address} could not be kept in {folder} ({error.strerror}). Make room there."
        ) from error
    if is_archive(file.name):
        shutil.rmtree(folder, ignore_errors=True)
        raise DocumentUnreadableError(
            f"{address} is an archive, which is not opened from the web. Download it and ingest it."
        )
    return file


def _paths(settings: Settings) -> dict[str, str]:
    from rag_app.store import Store

    with Store(settings) as store:
        name = settings.collection
        return store.get(name).paths() if store.exists(name) else {}


def _rename(found: Fetched, stored: dict[str, str], settings: Settings) -> None:
    """Lets the addresses hold the documents in the place of the files."""
    from rag_app.store import Store

    with Store(settings) as store:
        collection = store.get(settings.collection)
        with collection.writer(settings.lock_wait_s) as writer:
            writer.point_all(stored)
            folders: Sequence[str] = found.folders
            gone = [path for path in collection.paths() if path.startswith(tuple(folders))]
            writer.forget_all(gone)


def _told(outcome: FileOutcome, found: Fetched, before: dict[str, str]) -> FileOutcome:
    """The outcome of a file as that of its address."""
    address, state, reason = found.addresses[outcome.path], outcome.state, outcome.reason
    if outcome.document_id and before.get(address) == outcome.document_id:
        state, reason = "unchanged", ""
    elif state in {"added", "unchanged"}:
        state = "updated" if address in before else "added"
    for file, known in found.addresses.items() if reason else ():
        reason = reason.replace(file, known)
    return replace(outcome, path=address, state=state, reason=reason)
