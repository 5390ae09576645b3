"""One writer for each collection, in all threads and processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from filelock import FileLock, Timeout

from rag_app.errors import StoreBusyError
from rag_app.store.faults import system_explained

POLL_S = 0.05


@contextmanager
def writing(
    home: Path, collection: int, name: str, wait_s: float, on_wait: Callable[[], None] | None = None
) -> Iterator[None]:
    """Holds the writer lock of a collection; the system frees it when the process dies.

    Args:
        home: The application's folder.
        collection: Key of the collection, which outlives renames and is never used twice.
        name: Its name, for the message.
        wait_s: Seconds to wait for another writer.
        on_wait: Called once if there is one.

    Raises:
        StoreBusyError: The other writer did not end in time.
    """
    # Each call opens the files anew, so threads of one process exclude each other as well.
    folder = home / "locks"
    lock = FileLock(folder / f"collection-{collection:d}.lock")
    # Who waits for the writer stands at the head of the line and keeps it, so that a process
    # which writes again and again cannot pass it by each time.
    line = FileLock(folder / f"collection-{collection:d}.line.lock")
    with system_explained(home):
        try:
            with line.acquire(timeout=0):
                lock.acquire(timeout=0)
        except Timeout:
            if on_wait is not None:
                on_wait()
            _wait(line, lock, name, wait_s)
    try:
        yield
    finally:
        lock.release()


def _wait(line: FileLock, lock: FileLock, name: str, wait_s: float) -> None:
    ends = monotonic() + wait_s
    try:
        with line.acquire(timeout=wait_s, poll_interval=POLL_S):
            lock.acquire(timeout=max(0.0, ends - monotonic()), poll_interval=POLL_S)
    except Timeout as error:
        raise StoreBusyError(
            f"Another process is writing to the collection '{name}' and did not end within "
            f"{wait_s:g} seconds. Try again when it has ended, or raise RAG_LOCK_WAIT_S."
        ) from error
