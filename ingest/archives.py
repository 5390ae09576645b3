"""Archives among the files of a run: opened in a worker process, their members taken as files.

What was found in an archive is kept under its digest, so that one that has not changed costs no
more than any file that has not.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ingest import load
from ingest.files import Selection
from ingest.isolate import Worker, WorkerDied
from ingest.limits import limits_of, options_of
from ingest.listing import MOST_BYTES, Listing, Member
from ingest.load import LoadOptions, digest_file
from ingest.load.members import outer_archive
from ingest.messages import Refused
from ingest.plan import outcome_of_error
from ingest.worker import Job
from rag_app.errors import DocumentError, DocumentUnreadableError
from rag_app.settings import Settings
from rag_app.types import FileOutcome
from rag_app.types.archives import is_archive
from rag_app.whole_files import write_whole

_VERSION = 2
_KEPT = 1000
"""Archives whose contents are kept; those not met for the longest time go first."""
_LOOK_S = 0.2


@dataclass(slots=True)
class Unpacked:
    """The members of the archives of a run.

    Attributes:
        digests: Content of each that may be ingested.
        refused: Outcomes of the others, and of archives that cannot be opened.
    """

    digests: dict[Path, str] = field(default_factory=dict)
    refused: list[FileOutcome] = field(default_factory=list)


def open_archives(selection: Selection, settings: Settings, stop: Callable[[], bool]) -> Unpacked:
    """Finds the members of the archives in a selection.

    The archives are taken out of its files, and those that were looked through to their end are
    noted in it with all that is in them.
    """
    unpacked = Unpacked()
    wanted = _wanted(selection)
    if not wanted:
        return unpacked
    lister = _Lister(settings, stop)
    try:
        for archive, paths in wanted.items():
            if stop():
                break
            try:
                listing = lister.listing(archive)
            except DocumentError as error:
                if not stop():  # its process was ended then; the archive is not to blame
                    unpacked.refused.append(outcome_of_error(archive, error))
                continue
            _take_over(archive, paths, listing, selection, unpacked)
    finally:
        lister.close()
    return unpacked


def _wanted(selection: Selection) -> dict[Path, list[Path]]:
    """Archives, and what is wanted of each: itself, or single members; taken out of the files."""
    wanted: dict[Path, list[Path]] = {}
    others: list[Path] = []
    for path in selection.files:
        if is_archive(path.name) and os.path.isfile(path):  # noqa: PTH113 - must not raise
            wanted.setdefault(path, []).append(path)
        elif outer := outer_archive(path):
            wanted.setdefault(outer, []).append(path)
        else:
            others.append(path)
    selection.files = others
    return wanted


def _take_over(
    archive: Path, paths: list[Path], listing: Listing, selection: Selection, unpacked: Unpacked
) -> None:
    if listing.is_document:
        selection.files.append(archive)
        return
    if listing.reason:
        unpacked.refused.append(FileOutcome(str(archive), "failed", listing.reason))
    elif archive in paths:
        members = frozenset(str(archive / member.name) for member in listing.members)
        selection.opened[str(archive)] = members
    met: set[Path] = set()
    for member in listing.members:
        path = archive / member.name
        if asked := [one for one in paths if path.is_relative_to(one)]:
            met.update(asked)
            _take(path, member, unpacked)
    if not listing.reason:
        unpacked.refused += _nothing(archive, [one for one in paths if one not in met])


def _take(path: Path, member: Member, unpacked: Unpacked) -> None:
    if member.reason:
        state = "skipped" if member.skipped else "failed"
        unpacked.refused.append(FileOutcome(str(path), state, member.reason))  # type: ignore[arg-type]
        return
    if member.digest:  # of a known type, by its name or by its first bytes
        unpacked.digests[path] = member.digest
        return
    try:
        load.named_format(path)
    except DocumentError as error:
        unpacked.refused.append(outcome_of_error(path, error))


def _nothing(archive: Path, paths: list[Path]) -> Iterator[FileOutcome]:
    for path in paths:
        if path == archive:
            reason = f"{path.name} has no files in it that are not hidden. Nothing to ingest."
            yield FileOutcome(str(path), "skipped", reason)
        else:
            reason = f"There is no such file in {archive}. It may have changed: ingest it again."
            yield FileOutcome(str(path), "failed", reason)


class _Lister:
    """Lists archives in a worker process, or tells what is known of them."""

    def __init__(self, settings: Settings, stop: Callable[[], bool]) -> None:
        self._options, self._limits = options_of(settings), limits_of(settings)
        self._folder = settings.home / "archives"
        self._stop = stop
        self._worker: Worker | None = None

    def listing(self, archive: Path) -> Listing:
        """What is in an archive.

        Raises:
            DocumentError: It cannot be opened.
        """
        # It is never held whole, so it may be as large as what comes out of it.
        digest = digest_file(archive, replace(self._options, max_bytes=MOST_BYTES))
        kept = self._folder / f"{digest}.json"
        if (known := _read(kept, self._options)) is not None:
            return known
        found = self._ask(archive)
        _write(kept, found, self._options)
        return found

    def close(self) -> None:
        """Ends the process."""
        if self._worker is not None:
            self._worker.stop()

    def _ask(self, archive: Path) -> Listing:
        if self._worker is None or not self._worker.is_alive:
            self._worker = Worker(self._limits)
        worker = self._worker
        worker.ask(Job(archive, self._options, load.FORMATS, listing=True))
        with ThreadPoolExecutor(1) as thread:
            answer = thread.submit(worker.answer)
            while not answer.done():
                wait([answer], timeout=_LOOK_S)
                if not answer.done() and self._stop():
                    worker.stop()
        try:
            message = answer.result()
        except WorkerDied as death:
            raise DocumentUnreadableError(f"{archive.name} {death}") from death
        worker.done()
        if isinstance(message, Refused):
            raise message.error()
        if not isinstance(message, Listing):
            raise TypeError("a worker process answered out of turn")
        return message


def _read(kept: Path, options: LoadOptions) -> Listing | None:
    """None if nothing is known, or not for today's limits and formats."""
    try:
        found = json.loads(kept.read_text("utf-8"))
        members = tuple(Member(**one) for one in found["members"])
        if (found["version"], found["max_bytes"]) != (_VERSION, options.max_bytes):
            return None
        os.utime(kept)
        listing = Listing(members, found["reason"], found["is_document"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None if any(map(_is_readable_now, members)) else listing


def _is_readable_now(member: Member) -> bool:
    """Whether a member was of an unknown type when it was listed, and is not today."""
    if member.digest or member.reason:
        return False
    with suppress(DocumentError):
        return bool(load.named_format(Path(member.name)))
    return False


def _write(kept: Path, listing: Listing, options: LoadOptions) -> None:
    """What cannot be written is found out anew."""
    content = asdict(listing) | {"version": _VERSION, "max_bytes": options.max_bytes}
    with suppress(OSError):
        write_whole(kept, json.dumps(content))
        files = sorted(kept.parent.iterdir(), key=lambda one: one.stat().st_mtime)
        for old in files[:-_KEPT]:
            old.unlink(missing_ok=True)
