"""Work in threads of its own, which goes on whichever page is looked at."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, TypeVar

from rag_app.errors import RagError

UNEXPECTED = (
    "Something went wrong inside the application. The log of rag serve says more; "
    "what was done is kept, and the next try goes on from there."
)

_log = logging.getLogger(__name__)


class StoppedError(RagError):
    """The reader has stopped the work in the middle of a step that knows no other way out."""


T = TypeVar("T")


class Work(Generic[T]):
    """Something that takes a while.

    Attributes:
        done: How much is done; what it counts is for the work to say.
        total: Of how much; 0 while that is not known.
        result: What came of it, once it has ended well.
        error: Why nothing came of it, in a sentence; empty otherwise.
        finished: Set at its end.
    """

    def __init__(
        self, do: Callable[[Work[T]], T], turn: AbstractContextManager[Any] | None = None
    ) -> None:
        """Prepares it.

        Args:
            do: The work; is given this object.
            turn: Entered before it begins: a semaphore lets only so many work at once.
        """
        self.done = 0
        self.total = 0
        self.result: T | None = None
        self.error = ""
        self.finished = threading.Event()
        self._do = do
        self._turn = turn or nullcontext()
        self._cancelled = threading.Event()
        self._began = time.monotonic()

    def start(self) -> None:
        """Begins, or waits for its turn."""
        threading.Thread(target=self._run, name=type(self).__name__, daemon=True).start()

    def cancel(self) -> None:
        """Asks it to stop as soon as it can."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._cancelled.is_set()

    @property
    def seconds(self) -> float:
        """Since it was asked for."""
        return time.monotonic() - self._began

    def note(self, done: int, total: int) -> None:
        """Takes down how far it is."""
        self.done, self.total = done, total

    def _run(self) -> None:
        try:
            with self._turn:
                self.result = self._do(self)
        except RagError as error:
            self.error = str(error)
        except Exception:  # noqa: BLE001 - an edge: whatever went wrong, the reader is told
            _log.exception("%s failed.", type(self).__name__)
            self.error = UNEXPECTED
        finally:
            self.finished.set()


W = TypeVar("W", bound=Work[Any])


class Bench(Generic[W]):
    """The jobs of this process, for all sessions: at most one at work under each key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[Hashable, W] = {}

    def running(self, key: Hashable) -> W | None:
        """The job that is at work."""
        job = self._jobs.get(key)
        return job if job is not None and not job.finished.is_set() else None

    def ended(self, key: Hashable) -> W | None:
        """The job that ended last, until it is dismissed."""
        job = self._jobs.get(key)
        return job if job is not None and job.finished.is_set() else None

    def start(self, key: Hashable, job: W) -> bool:
        """Starts ``job``; says False, and does nothing, while another one is at work."""
        with self._lock:
            if self.running(key) is not None:
                return False
            self._jobs[key] = job
            job.start()
            return True

    def dismiss(self, key: Hashable) -> None:
        """Forgets the job that ended last."""
        with self._lock:
            if self.running(key) is None:
                self._jobs.pop(key, None)
