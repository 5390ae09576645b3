"""Folders that a collection follows: what changes in them is ingested when it has come to rest.

Everything is looked through at the start, as with ``--sync``, and then now and again: not every
file system tells of changes, and no file system promises to tell of all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.files import Roots, select, with_folders
from ingest.ignored import NAME
from ingest.pending import Pending
from ingest.pipeline import ingest_paths
from rag_app.errors import RagError, UsageError
from rag_app.settings import Settings

if TYPE_CHECKING:
    from ingest.report import IngestReport
    from rag_app.types import Metadata

_LOOK_MS = 400
_GATHER_MS = 300
_RESCAN_S = 3600.0
_RETRY_S = 60.0
_AGAIN_S = 3.0
"""How long nothing is watched after changes that cannot be told."""

Identities = tuple[tuple[int, int] | None, ...]


class Watcher:
    """Keeps a collection up to date with folders until it is told to stop.

    Args:
        folders: What is watched, with all that lies below.
        settings: What is in force; they name the collection.
        tell: Called with the report of each round.
        warn: Called with a sentence when something is wrong that does not end it.
        cancelled: Asked often; true ends it at a sound place.
        metadata: What is said of all files.
    """

    def __init__(
        self,
        folders: Sequence[str | Path],
        settings: Settings,
        *,
        tell: Callable[[IngestReport], None],
        warn: Callable[[str], None],
        cancelled: Callable[[], bool],
        metadata: Metadata = (),
    ) -> None:
        self._folders = [Path(os.path.abspath(Path(one).expanduser())) for one in folders]  # noqa: PTH100 - keeps links
        self._settings, self._metadata = settings, metadata
        self._tell, self._warn, self._cancelled = tell, warn, cancelled
        self._pending = Pending()
        self._next_scan = 0.0
        self._told: set[str] = set()

    def run(self) -> None:
        """Watches until it is cancelled.

        Raises:
            UsageError: A folder is not there, or is none.
            RagError: The first look through the folders cannot be done at all.
        """
        for folder in self._folders:
            if not os.path.isdir(folder):  # noqa: PTH112 - must not raise
                raise UsageError(f"There is no folder {folder} to watch. Correct the path.")
        first = True
        while not self._cancelled():
            for changes in self._changes():
                if first or time.monotonic() >= self._next_scan:
                    self._look_through(must_work=first)
                    first = False
                self._pending.note(self._meant(changes))
                if ready := self._pending.settled():
                    self._round(ready)
            self._await_folders()

    def _changes(self) -> Iterator[list[Path]]:
        """What changed, again and again, nothing as well; ends when a folder is another one."""
        from watchfiles import watch

        before = self._identities()
        if None in before:
            return
        events = watch(
            *self._folders,
            watch_filter=None,
            debounce=_GATHER_MS,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        try:
            # The first is yielded once the system tells of changes: none is missed from there on.
            for changes in events:
                if self._cancelled() or self._identities() != before:
                    return
                yield [Path(path) for _, path in changes]
        except (OSError, RuntimeError) as error:  # a name that is no UTF-8; a folder that is gone
            self._begin_again(error)

    def _begin_again(self, error: Exception) -> None:
        """Waits; all is looked through then, and with it what could not be told."""
        if str(error) not in self._told:
            self._told.add(str(error))
            self._warn(f"A change could not be told ({error}). All is looked through once more.")
        until = time.monotonic() + _AGAIN_S
        while not self._cancelled() and time.monotonic() < until:
            time.sleep(_LOOK_MS / 1000)

    def _await_folders(self) -> None:
        """A folder that is gone, a drive that is not mounted, say, is waited for."""
        told = False
        while not self._cancelled() and None in (identities := self._identities()):
            if not told:
                gone = self._folders[identities.index(None)]
                self._warn(f"The folder {gone} is not there. Nothing is forgotten; waiting for it.")
                told = True
            time.sleep(_LOOK_MS / 1000)
        self._next_scan = 0.0

    def _identities(self) -> Identities:
        return tuple(map(_identity, self._folders))

    def _look_through(self, *, must_work: bool = False) -> None:
        """Brings everything up to date, whatever was missed."""
        self._next_scan = time.monotonic() + _RESCAN_S
        there = [folder for folder in self._folders if not self._looks_unmounted(folder)]
        if there and not self._ingest(there, must_work=must_work):
            self._next_scan = time.monotonic() + _RETRY_S

    def _looks_unmounted(self, folder: Path) -> bool:
        """An empty folder is what is left of a drive that is gone: no reason to forget it all."""
        if select([folder]).files or not any(map(Roots([str(folder)]).cover, self._known())):
            return False
        self._warn(
            f"{folder} is empty, and there were documents in it. Nothing is forgotten; if they "
            f"are to be, run: ingest {folder} --sync"
        )
        return True

    def _meant(self, changes: Iterable[Path]) -> Iterator[Path]:
        """The paths in question: a folder stands for what is in it, and so does its .ragignore."""
        for path in changes:
            yield path
            folder = path.parent if path.name == NAME else path
            if folder.is_dir():
                yield from select([folder]).files

    def _round(self, ready: list[Path]) -> None:
        """Ingests those that a walk through the folders would find, and forgets those gone."""
        there = set(select(self._folders).files)
        known = {one for path in self._known() for one in with_folders(path)}
        wanted = [path for path in ready if path in there]
        wanted += [path for path in ready if not os.path.lexists(path) and str(path) in known]
        if wanted and None not in self._identities() and not self._ingest(wanted):
            self._pending.note(wanted, _RETRY_S)

    def _ingest(self, paths: Sequence[Path], *, must_work: bool = False) -> bool:
        """One round; whether it came to its end."""
        try:
            report = ingest_paths(
                paths,
                self._settings,
                sync=True,
                metadata=self._metadata,
                cancelled=self._cancelled,
            )
        except RagError as error:
            if must_work:
                raise
            self._warn(f"{error} Trying again in {_RETRY_S:.0f} seconds.")
            return False
        if report.outcomes:
            self._tell(report)
        return True

    def _known(self) -> set[str]:
        from rag_app.store import Store

        name = self._settings.collection
        try:
            with Store(self._settings) as store:
                return set(store.get(name).paths()) if store.exists(name) else set()
        except RagError:  # the ingestion says what is wrong
            return set()


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
