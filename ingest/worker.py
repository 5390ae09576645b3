"""The process that reads untrusted files: one after the other, each within its limits.

Started by ``ingest.isolate`` as a script. It gets pickled jobs on standard input and answers on
standard output; when its input ends, because the parent closed it or died in whatever way, it ends
at once, even in the middle of a file. Nothing in it may reach the network or start a program.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.load import Format, LoadOptions
    from ingest.messages import Converted, Message

OUT_OF_MEMORY = 41
"""Exit status of a worker that was refused memory: what is left of it cannot be trusted."""

_RESET_PEAK = "5"


class Setup(NamedTuple):
    """The first message: how the parent is set up, in plain values."""

    module_path: list[str]
    memory_mb: int
    seconds: float


class Job(NamedTuple):
    """A file to be read, perhaps to be explained, or an archive whose contents are to be listed."""

    path: Path
    options: LoadOptions
    formats: tuple[Format, ...]
    listing: bool = False
    explained: bool = False


def main() -> None:
    """Answers jobs until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's concern
    jobs, answers = _streams()
    setup = Setup(*pickle.load(jobs))  # noqa: S301 - from our own parent
    sys.path[:] = setup.module_path
    _limit(setup.memory_mb)
    import ingest.reading  # noqa: F401 - before the first job, and before imports are watched

    sys.addaudithook(_refuse_outside)
    queue: SimpleQueue[Job] = SimpleQueue()
    converted: SimpleQueue[Converted] = SimpleQueue()
    threading.Thread(target=_receive, args=(jobs, queue, converted), daemon=True).start()

    def say(message: Message) -> None:
        pickle.dump(message, answers, protocol=5)
        answers.flush()

    while True:
        job = _with_ways_to_ask(queue.get(), setup.seconds, say, converted)
        for message in _answers(job, setup.seconds):
            say(message)


def _with_ways_to_ask(
    job: Job, seconds: float, say: Callable[[Message], None], converted: SimpleQueue[Converted]
) -> Job:
    """The job with what its loader may call on.

    Its time begins anew at each page that takes long in all honesty, and stands still while an old
    Office file is converted.
    """
    from dataclasses import replace

    from ingest.messages import StillReading, ToConvert
    from rag_app.errors import DocumentUnreadableError

    def on_page() -> None:
        _alarm(seconds)
        say(StillReading())

    def convert(name: str, suffix: str, data: bytes) -> bytes:
        left = _alarm(0)
        say(ToConvert(name, suffix, data))
        made = converted.get()
        _alarm(left)
        if made.path is None:
            raise DocumentUnreadableError(made.reason)
        return made.path.read_bytes()

    return job._replace(options=replace(job.options, on_page=on_page, convert=convert))


def _streams() -> tuple[BinaryIO, BinaryIO]:
    """Input and output for ourselves; what a library prints goes nowhere."""
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return jobs, answers


def _receive(jobs: BinaryIO, queue: SimpleQueue[Job], converted: SimpleQueue[Converted]) -> None:
    """Takes jobs in a thread of its own, to see at once that the parent is gone."""
    from ingest.messages import Converted

    try:
        while True:
            message = pickle.load(jobs)  # noqa: S301 - from our own parent
            if isinstance(message, Converted):
                converted.put(message)
            else:
                queue.put(Job(*message))
    finally:
        os._exit(0)


def _limit(memory_mb: int) -> None:
    """Lets allocations beyond the limit fail, where the system can; leaves no core files."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # Of RLIMIT_DATA, only what is written counts; RLIMIT_AS would count libraries and the
        # arenas that threads reserve as well.
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))


_OUTSIDE = frozenset(
    {
        *("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"),
        *("socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen", "os.system"),
        *("os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn"),
    }
)


def _refuse_outside(event: str, _arguments: tuple[object, ...]) -> None:
    if event in _OUTSIDE:
        raise PermissionError("a document asks for the network or for another program")


def _answers(job: Job, seconds: float) -> Iterator[Message]:
    """The messages for one job; the last may be what is wrong with the file."""
    from dataclasses import replace

    from ingest import load
    from ingest.messages import Refused, Summary
    from ingest.reading import read_document, unexpected
    from rag_app.errors import DocumentError, DocumentSkippedError

    load.FORMATS = job.formats  # those that were added while the program runs
    _alarm(seconds)
    _forget_peak()
    try:
        if job.listing:
            from ingest.listing import list_archive

            yield list_archive(job.path, job.options)
            return
        for message in read_document(job.path, job.options, explained=job.explained):
            left = _alarm(0)  # meanwhile it is the parent who is waited for
            if isinstance(message, Summary):
                yield replace(message, peak_mb=_peak_mb())
            else:
                yield message
            _alarm(left)
    except DocumentError as error:
        yield Refused(str(error), skipped=isinstance(error, DocumentSkippedError))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except Exception as error:  # noqa: BLE001 - one untrusted file must not stop the others
        yield Refused(str(unexpected(job.path, error)))
    finally:
        _alarm(0)


def _alarm(seconds: float) -> float:
    """Has the system end this process, whatever it is doing then, unless told otherwise before.

    Returns:
        The seconds that it had left; 0 to end it never, as in ``seconds``.
    """
    if hasattr(signal, "setitimer"):
        return signal.setitimer(signal.ITIMER_REAL, seconds)[0]
    return 0.0


def _forget_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK)


def _peak_mb() -> float | None:
    """Most memory held since the job began, in MiB, where the system tells."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return None


if __name__ == "__main__":
    main()
