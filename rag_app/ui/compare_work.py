"""A comparison on its way, and the making of its questions: in threads of their own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import streamlit as st

from rag_app.errors import RagError
from rag_app.settings import Settings

if TYPE_CHECKING:
    from rag_app.evaluation import Comparison, Material, Step

UNEXPECTED = (
    "Something went wrong inside the application. The log of rag serve says more; "
    "what was embedded is kept, and the next try goes on from there."
)
_log = logging.getLogger(__name__)
T = TypeVar("T")


class Work(Generic[T]):
    """Something that takes a while. It goes on whichever page is looked at.

    Attributes:
        done: How much is done; what it counts is for the work to say.
        total: Of how much; 0 while that is not known.
        result: What came of it, once it has ended well.
        error: Why nothing came of it, in a sentence; empty otherwise.
        finished: Set at its end.
    """

    def __init__(self, do: Callable[[Work[T]], T]) -> None:
        self.done = 0
        self.total = 0
        self.result: T | None = None
        self.error = ""
        self.finished = threading.Event()
        self._do = do
        self._cancelled = threading.Event()

    def start(self) -> None:
        """Begins."""
        threading.Thread(target=self._run, name="compare", daemon=True).start()

    def cancel(self) -> None:
        """Asks it to stop as soon as it can."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._cancelled.is_set()

    def note(self, done: int, total: int) -> None:
        """Takes down how far it is."""
        self.done, self.total = done, total

    def _run(self) -> None:
        try:
            self.result = self._do(self)
        except RagError as error:
            self.error = str(error)
        except Exception:  # noqa: BLE001 - an edge: whatever went wrong, the reader is told
            _log.exception("A comparison, or making its questions, failed.")
            self.error = UNEXPECTED
        finally:
            self.finished.set()


class CompareJob(Work["Comparison"]):
    """One comparison.

    Attributes:
        collection: Name of the collection.
        specs: The models, in the order in which they are measured.
        step: The last that was told; None while the questions are read or made.
        since: When the stage of ``step`` began (monotonic).
        unkept: Why the result could not be kept on disk; empty otherwise.
    """

    def __init__(
        self,
        settings: Settings,
        collection: str,
        specs: Sequence[str],
        material: Callable[[Work[Comparison]], Material],
    ) -> None:
        super().__init__(lambda _: self._compare(settings, material(self)))
        self.collection = collection
        self.specs = list(specs)
        self.step: Step | None = None
        self.since = time.monotonic()
        self.unkept = ""

    def _compare(self, settings: Settings, material: Material) -> Comparison:
        from rag_app.evaluation import compare_models
        from rag_app.evaluation.kept import keep_comparison

        comparison = compare_models(
            material,
            self.specs,
            settings,
            progress=self._tell,
            cancelled=lambda: self.cancelled,
        )
        if not comparison.models and self.cancelled:
            raise RagError("You stopped the comparison before the first model was done.")
        try:
            keep_comparison(comparison, settings)
        except RagError as error:
            self.unkept = str(error)
        return comparison

    def _tell(self, step: Step) -> None:
        before = self.step
        if before is None or (before.spec, before.stage) != (step.spec, step.stage):
            self.since = time.monotonic()
        self.step = step


class Desk:
    """Where the comparisons of this process lie: one at work at most, and the last results."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._job: CompareJob | None = None
        self._read: dict[Path, tuple[int, Comparison]] = {}

    @property
    def running(self) -> CompareJob | None:
        """The comparison that is at work, of any collection and for any session."""
        job = self._job
        return job if job is not None and not job.finished.is_set() else None

    def ended(self, collection: str) -> CompareJob | None:
        """The comparison of a collection that ended last, until it is dismissed."""
        job = self._job
        over = job is not None and job.finished.is_set() and job.collection == collection
        return job if over else None

    def start(self, job: CompareJob) -> bool:
        """Starts ``job``; says False, and does nothing, while another one is at work."""
        with self._lock:
            if self.running is not None:
                return False
            self._job = job
            job.start()
            return True

    def dismiss(self) -> None:
        """Forgets what the last comparison had to complain of."""
        with self._lock:
            if self.running is None:
                self._job = None

    def result(self, settings: Settings, collection: str) -> Comparison | None:
        """The last comparison of a collection, whoever made it.

        Raises:
            UsageError: The file that it was kept in cannot be read.
        """
        from rag_app.evaluation.kept import kept_comparison, kept_path

        ended = self.ended(collection)
        if ended is not None and ended.unkept:
            return ended.result
        path = kept_path(settings, collection)
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            return None
        before = self._read.get(path)
        if before is not None and before[0] == changed:
            return before[1]
        comparison = kept_comparison(settings, collection)
        if comparison is not None:
            self._read[path] = (changed, comparison)
        return comparison


@st.cache_resource(show_spinner=False)
def desk() -> Desk:
    """The desk of this process."""
    return Desk()
