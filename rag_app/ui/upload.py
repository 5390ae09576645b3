"""The ingest of uploaded files, in a thread of its own."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag_app.errors import RagError
from rag_app.settings import Settings
from rag_app.types import FileOutcome
from rag_app.ui import pdf_password
from rag_app.ui.upload_files import LOCKED, bring_back, put_aside, settle

if TYPE_CHECKING:
    from ingest import Progress

UNEXPECTED = (
    "Something went wrong inside the application. The log of rag serve says more; "
    "what was finished before is kept."
)
_log = logging.getLogger(__name__)
_numbers = itertools.count(1)


class UploadJob:
    """The ingest of some files into one collection, shown by any page that asks for it.

    Attributes:
        number: Tells the jobs of this process apart.
        collection: Name of the collection.
        outcomes: One for each file, in the order given, as soon as they are known.
        locked: Files that wait for their password, once it has ended.
        progress: The last that the ingest told.
        error: Why the whole upload failed; empty otherwise.
    """

    def __init__(
        self,
        settings: Settings,
        collection: str,
        paths: Sequence[Path],
        *,
        restore: bool = False,
        again: bool = False,
    ) -> None:
        self.number = next(_numbers)
        self.collection = collection
        self.names = [path.name for path in paths]
        self.again = again
        self.outcomes: tuple[FileOutcome, ...] = ()
        self.locked: tuple[Path, ...] = ()
        self.progress: Progress | None = None
        self.error = ""
        self.seconds = 0.0
        self.finished = threading.Event()
        self.waiting = threading.Event()
        self._settings = settings
        self._paths = list(paths)
        self._cancelled = threading.Event()
        self._restore = restore

    def start(self, after: UploadJob | None = None) -> None:
        """Begins; ``after`` is waited for first, so that two uploads come one after the other."""
        if after is not None and not after.finished.is_set():
            self.waiting.set()
        threading.Thread(target=self._run, args=(after,), name="upload", daemon=True).start()

    def cancel(self) -> None:
        """Stops after the file at work; what was finished is kept."""
        self._cancelled.set()

    def unlock(self, password: str) -> UploadJob:
        """A job that reads the locked files with their password; this one lets go of them."""
        locked, self.locked = self.locked, ()
        paths = [bring_back(path) for path in locked] if self._restore else list(locked)
        self.outcomes = tuple(
            done
            for done in self.outcomes
            if Path(done.path).resolve() not in {path.resolve() for path in paths}
        )
        return UploadJob(
            self._settings.override(pdf_password=password),
            self.collection,
            paths,
            restore=self._restore,
            again=self.again,
        )

    def discard(self) -> None:
        """Removes the files that wait for a password which is not going to come."""
        locked, self.locked = self.locked, ()
        for path in locked if self._restore else ():
            path.unlink(missing_ok=True)

    def is_locked(self, outcome: FileOutcome) -> bool:
        """Whether a file waits for its password."""
        return Path(outcome.path).name in {path.name.removeprefix(LOCKED) for path in self.locked}

    @property
    def has_password(self) -> bool:
        """Whether it was started with a password."""
        return self._settings.pdf_password is not None

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._cancelled.is_set()

    def _run(self, after: UploadJob | None) -> None:
        if after is not None:
            after.finished.wait()
        self.waiting.clear()
        started = time.monotonic()
        try:
            self._ingest()
        except RagError as error:
            self.error = str(error)
        except Exception:  # noqa: BLE001 - an edge: whatever went wrong, the reader is told
            _log.exception("An upload failed.")
            self.error = UNEXPECTED
        finally:
            self.seconds = time.monotonic() - started
            try:
                self._tidy()
            except OSError:
                _log.exception("The folder of the uploads could not be tidied.")
            finally:
                self.finished.set()

    def _tidy(self) -> None:
        secret = self._settings.pdf_password
        password = secret.get_secret_value() if secret else None
        failed = [Path(outcome.path) for outcome in self.outcomes if outcome.state == "failed"]
        locked = [path for path in failed if pdf_password.needed(path, password)]
        if self._restore:
            locked = [put_aside(path) for path in locked]
            settle(self._paths, self.outcomes)
            self._forget_failures()
        self.locked = tuple(locked)

    def _forget_failures(self) -> None:
        """What failed is not kept: these files are removed, and the reader is told here."""
        from ingest.kept import drop

        drop(self._settings, self.collection, map(str, self._paths))

    def _ingest(self) -> None:
        from ingest import ingest_paths, report_of

        try:
            report = ingest_paths(
                self._paths,
                self._settings,
                collection=self.collection,
                force=self.again,
                progress=self._note,
                cancelled=self._cancelled.is_set,
                on_wait=self.waiting.set,
            )
        except RagError as error:
            if finished := report_of(error):
                self.outcomes = finished.outcomes
            raise
        self.outcomes = report.outcomes

    def _note(self, progress: Progress) -> None:
        self.waiting.clear()
        self.progress = progress
