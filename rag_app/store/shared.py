"""One embedded Chroma for each folder in this process, used by one process at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from rag_app.errors import StoreBusyError
from rag_app.store.chroma import Engine
from rag_app.store.faults import system_explained

WAIT_S = 60.0
"""Calls take milliseconds, opening an index a second; whoever holds the engine longer hangs."""


class Seen(NamedTuple):
    """An index as the engine knows it: its generation, and whether all changes are in its graph."""

    generation: int
    is_settled: bool


class SharedEngine:
    """The engine of one folder.

    Args:
        home: The folder that holds ``chroma/`` and ``locks/``.

    Attributes:
        path: The folder that Chroma writes to.
        seen: The indexes that the engine has in memory.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / "chroma"
        self.home = home
        self.seen: dict[str, Seen] = {}
        self.users = 0
        self._lock = threading.RLock()
        self._file_lock = FileLock(home / "locks" / "chroma.lock", thread_local=False)
        self._engine: Engine | None = None

    @contextmanager
    def held(self, wait_s: float = WAIT_S) -> Iterator[None]:
        """Keeps out every other thread and process until the block ends.

        Raises:
            StoreBusyError: Another one has kept us out for so many seconds.
        """
        busy = StoreBusyError(
            f"Another process has held {self.path} for {wait_s:.0f} seconds. Wait for it "
            "to end, or end it, and try again."
        )
        if not self._lock.acquire(timeout=wait_s):
            raise busy
        try:
            try:
                with system_explained(self.home):
                    self._file_lock.acquire(timeout=wait_s, poll_interval=0.005)
            except Timeout as error:
                raise busy from error
            try:
                yield
            finally:
                self._file_lock.release()
        finally:
            self._lock.release()

    def engine(self) -> Engine:
        """The running engine; only while it is held. Raises Chroma's own errors."""
        if self._engine is None:
            engine = Engine(is_persistent=True, persist_directory=str(self.path))
            try:
                engine.start()
            except BaseException:
                engine.close()
                raise
            self._engine = engine
        return self._engine

    def stop(self) -> None:
        """Forgets what is in memory; the next use opens the folder anew."""
        with self._lock:
            self.seen.clear()
            engine, self._engine = self._engine, None
            if engine is not None:
                engine.close()


_engines: dict[Path, SharedEngine] = {}
_engines_lock = threading.Lock()


def acquire(home: Path) -> SharedEngine:
    """The engine of a folder, to be given back with ``release``."""
    with _engines_lock:
        shared = _engines.get(home)
        if shared is None:
            shared = _engines[home] = SharedEngine(home)
        shared.users += 1
        return shared


def release(shared: SharedEngine) -> None:
    """Gives it back; the last one closes it."""
    with _engines_lock:
        shared.users -= 1
        if shared.users:
            return
        del _engines[shared.home]
    shared.stop()
