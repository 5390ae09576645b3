"""One writer for each collection, in all threads and processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag_app.errors import StoreBusyError
from rag_app.store.faults import system_explained


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
    # Each call opens the file anew, so threads of one process exclude each other as well.
    lock = FileLock(home / "locks" / f"collection-{collection:d}.lock")
    with system_explained(home):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if on_wait is not None:
                on_wait()
            _wait(lock, name, wait_s)
    try:
        yield
    finally:
        lock.release()


def _wait(lock: FileLock, name: str, wait_s: float) -> None:
    try:
        lock.acquire(timeout=wait_s, poll_interval=0.05)
    except Timeout as error:
        raise StoreBusyError(
            f"Another process is writing to the collection '{name}' and did not end within "
            f"{wait_s:g} seconds. Try again when it has ended, or raise RAG_LOCK_WAIT_S."
        ) from error
