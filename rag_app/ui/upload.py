"""Uploaded files: kept in ``RAG_HOME/uploads/<collection>/`` and ingested in a thread.

A file of the same name takes the place of the one before it; if the new one cannot be ingested,
the one before it stays.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from rag_app.errors import RagError
from rag_app.settings import Settings
from rag_app.types import FileOutcome

if TYPE_CHECKING:
    from ingest import Progress
    from rag_app.store import Store

UNEXPECTED = (
    "Something went wrong inside the application. The log of `rag serve` says more; "
    "what was finished before is kept."
)
KEPT = ("added", "updated", "unchanged", "duplicate")
"""States of a file that is now in the collection."""

_log = logging.getLogger(__name__)


class UploadJob:
    """The ingest of some files into one collection, shown by any page that asks for it.

    Attributes:
        collection: Name of the collection.
        outcomes: One for each file, in the order given, as soon as they are known.
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
        self.collection = collection
        self.names = [path.name for path in paths]
        self.outcomes: tuple[FileOutcome, ...] = ()
        self.progress: Progress | None = None
        self.error = ""
        self.seconds = 0.0
        self.finished = threading.Event()
        self.waiting = threading.Event()
        self._settings = settings
        self._paths = list(paths)
        self._cancelled = threading.Event()
        self._restore = restore
        self._again = again

    def start(self, after: UploadJob | None = None) -> None:
        """Begins; ``after`` is waited for first, so that two uploads come one after the other."""
        if after is not None and not after.finished.is_set():
            self.waiting.set()
        threading.Thread(target=self._run, args=(after,), name="upload", daemon=True).start()

    def cancel(self) -> None:
        """Stops after the file at work; what was finished is kept."""
        self._cancelled.set()

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
            if self._restore:
                settle(self._paths, self.outcomes)
            self.finished.set()

    def _ingest(self) -> None:
        from ingest import ingest_paths, report_of

        try:
            report = ingest_paths(
                self._paths,
                self._settings,
                collection=self.collection,
                force=self._again,
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


def folder_of(settings: Settings, collection: str) -> Path:
    """Where the uploads of a collection are kept."""
    return uploads_folder(settings) / collection


def uploads_folder(settings: Settings) -> Path:
    """Where the uploads of all collections are kept."""
    return settings.home / "uploads"


def move_uploads(store: Store, settings: Settings, old: str, new: str) -> None:
    """Moves the uploads of a collection that is now called ``new``, and tells it the new paths."""
    source, target = folder_of(settings, old), folder_of(settings, new)
    if not source.is_dir() or target.exists():
        return
    source.rename(target)
    collection = store.get(new)
    with collection.writer(settings.lock_wait_s) as writer:
        for path, document_id in collection.paths().items():
            if Path(path).is_relative_to(source):
                writer.point(str(target / Path(path).relative_to(source)), document_id)
                writer.forget(path)


def keep(folder: Path, name: str, data: bytes | memoryview) -> Path:
    """Writes an upload; the file it replaces is put aside until ``settle``.

    Raises:
        RagError: The disk is full, or the folder cannot be written.
    """
    target = folder / safe_name(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".incoming-", delete=False) as file:
            file.write(data)
        if target.exists() and not _before(target).exists():
            shutil.copy2(target, _before(target))
        Path(file.name).replace(target)
    except OSError as error:
        raise RagError(
            f"{target.name} could not be kept in {folder} ({error.strerror}). "
            "Make room or correct the permissions of that folder, then upload it again."
        ) from error
    return target


def settle(paths: Sequence[Path], outcomes: Sequence[FileOutcome]) -> None:
    """Removes uploads that could not be ingested, and puts back what they had replaced."""
    good = {Path(outcome.path).resolve() for outcome in outcomes if outcome.state in KEPT}
    for path in paths:
        before = _before(path)
        if path.resolve() in good:
            before.unlink(missing_ok=True)
        elif before.exists():
            before.replace(path)
        else:
            path.unlink(missing_ok=True)


def safe_name(name: str) -> str:
    """The file name in ``name`` without any folder, and never hidden or empty."""
    plain = PureWindowsPath(PurePosixPath(name).name).name.replace("\0", "").lstrip(".")
    path = Path(plain or "upload")
    return f"{path.stem[:120]}{path.suffix[:20]}"


def _before(path: Path) -> Path:
    return path.with_name(f".before-{path.name}")
