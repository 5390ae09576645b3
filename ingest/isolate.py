"""A worker process seen from outside: started, asked, waited for within limits, ended."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty, Full, Queue
from typing import IO

from ingest.answers import read_answer
from ingest.legacy import Allowance, Converter, StandIn
from ingest.limits import Limits
from ingest.messages import Converted, Message, StillReading, ToConvert
from ingest.worker import OUT_OF_MEMORY, Job, Setup
from rag_app.errors import DocumentError

_SCRIPT = Path(__file__).with_name("worker.py")
_QUEUED = 4
_PATIENCE_S = 0.2
_GRACE_S = 15.0
"""A worker ends itself at its time limit; one that does not is ended so much later."""
_NEAR = 0.75
_RSS_UNIT = 1024 if sys.platform == "linux" else 1024**2
"""Of what the system calls the largest resident set, in a MiB."""


class WorkerDied(Exception):  # noqa: N818 - what happened, not what is wrong with a call
    """The process ended before its answer; the message says how, for people."""


class Worker:
    """One worker process.

    Args:
        limits: For each file.
        converter: Whom to ask when it meets an old Office file.

    Attributes:
        busy: Whether it owes an answer, or a part of one.
        files: How many it was given.
    """

    def __init__(self, limits: Limits, converter: Converter | None = None) -> None:
        self._limits, self._converter = limits, converter
        self._is_converting, self._allowance = False, Allowance(limits.seconds)
        self.busy = False
        self.files = 0
        self._stopped, self._ending = threading.Event(), threading.Lock()
        self._until = self._peak_mb = 0.0
        self._inherited_mb = _own_peak_mb()
        # A process group of its own: Ctrl-C reaches the parent alone, which then ends it.
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-P", "-W", "ignore", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0 if os.name == "posix" else None,
        )
        self._answers: Queue[Message | _End] = Queue(_QUEUED)
        threading.Thread(target=self._receive, name="ingest-worker", daemon=True).start()
        self._send(Setup([entry or "." for entry in sys.path], limits.memory_mb, limits.seconds))

    def ask(self, job: Job) -> None:
        """Gives it a file; the answer is awaited with ``answer``."""
        self.busy = True
        self.files += 1
        self._allowance = Allowance(self._limits.seconds)
        self._allow_time()
        self._send(job)

    def answer(self) -> Message:
        """Its next message.

        Raises:
            WorkerDied: It crashed, or was ended at a limit; it is of no use any more.
        """
        while True:
            try:
                message = self._answers.get(timeout=_PATIENCE_S)
            except Empty:
                if not self.is_alive:
                    raise WorkerDied("was not read to its end.") from None
                if self._is_converting or time.monotonic() < self._until:
                    continue
                self.stop()
                raise WorkerDied(self._too_long()) from None
            if isinstance(message, _End):
                raise WorkerDied(self._how_it_ended())
            self._allow_time()
            return message

    def done(self) -> None:
        """The answer was taken to its end."""
        self.busy = False

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return not self._stopped.is_set()

    def stop(self) -> None:
        """Ends the process, whatever it is doing; may be called again."""
        self._stopped.set()
        with self._ending:
            if self._process.returncode is not None:
                return
            self._kill()
            if self._process.stdin is not None:
                with suppress(OSError):
                    self._process.stdin.close()
            self._reap()

    def _kill(self) -> None:
        if hasattr(os, "wait4"):  # Popen.kill would reap it, and its peak of memory were lost
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()

    def _reap(self) -> None:
        if not hasattr(os, "wait4"):
            self._process.wait()
            return
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._peak_mb = usage.ru_maxrss / _RSS_UNIT

    def _send(self, message: tuple[object, ...] | Converted) -> None:
        stdin = self._process.stdin
        # A process that is gone says so when it is asked for its answer.
        with suppress(OSError, ValueError):
            if stdin is not None:
                plain = message if isinstance(message, Converted) else tuple(message)
                stdin.write(pickle.dumps(plain, protocol=5))
                stdin.flush()

    def _receive(self) -> None:
        stream: IO[bytes] | None = self._process.stdout
        message: Message | _End | None = None
        stand_in: StandIn | None = None
        while not isinstance(message, _End) and stream is not None:
            try:
                message = read_answer(stream)
            except Exception:  # noqa: BLE001 - cut off, or not ours: the process is of no use
                message = _End()
                stream.close()
            if stand_in is not None:  # it was read, or nobody will
                stand_in.close()
                stand_in = None
            if isinstance(message, ToConvert):
                stand_in = self._convert(message)
                message = None  # it may be large
            elif isinstance(message, StillReading):  # kept out of the queue, which may be full
                self._allow_time()
            else:
                self._put(message)

    def _convert(self, asked: ToConvert) -> StandIn | None:
        """Has a file converted and tells where it is; other workers go on meanwhile."""
        made: StandIn | None = None
        answer = Converted(None, f"{asked.name} is an old Office file, which is not read here.")
        self._is_converting = True
        try:
            if self._converter is not None:
                made = self._converter.convert(asked, self._allowance)
                answer = Converted(made.path)
        except DocumentError as error:
            answer = Converted(None, str(error))
        except Exception as error:  # noqa: BLE001 - a file that took the worker over may ask for anything
            answer = Converted(None, f"{asked.name} cannot be converted: {type(error).__name__}.")
        self._allow_time()
        self._is_converting = False
        self._send(answer)
        return made

    def _put(self, message: Message | _End) -> None:
        while not self._stopped.is_set():
            with suppress(Full):
                self._answers.put(message, timeout=_PATIENCE_S)
                return

    def _allow_time(self) -> None:
        self._until = time.monotonic() + self._limits.seconds + _GRACE_S

    def _too_long(self) -> str:
        return (
            f"takes more than {self._limits.seconds:g} seconds to read and was given up. Export it "
            "again from the program that made it, split it, or allow more time "
            "(--set parse_seconds=N)."
        )

    def _how_it_ended(self) -> str:
        self.stop()
        status = self._process.returncode
        if status == -getattr(signal, "SIGALRM", 0):
            return self._too_long()
        # Parsers in C do not ask what to do without memory, they crash.
        # Linux counts the parent's peak as the child's: below that, the child's is not known.
        is_own = self._peak_mb > self._inherited_mb
        near = is_own and self._peak_mb > _NEAR * self._limits.memory_mb
        if status == OUT_OF_MEMORY or near:
            return (
                f"needs more than {self._limits.memory_mb} MB of memory to be read and was given "
                "up. Split it, or allow more (--set parse_memory_mb=N)."
            )
        return (
            f"makes the program that reads it crash ({_named(status)}); no other file is "
            "affected. Export it again from the program that made it, or report it with the file."
        )


class _End:
    """There are no more messages."""


def _own_peak_mb() -> float:
    with suppress(ImportError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _RSS_UNIT
    return 0.0


def _named(status: int) -> str:
    if status < 0:
        with suppress(ValueError):
            return signal.Signals(-status).name
    return f"exit status {status}"
