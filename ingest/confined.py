"""Runs one program of others within limits, and ends it with whoever asked for it.

Started by ``ingest.legacy`` as a script: ``confined.py FOLDER MEMORY_MB FILE_MB PROGRAM
ARGUMENT...``. It leads a session of its own, so that the program and all that this starts can be
ended together. Its standard input is a pipe that nothing is written to: once that ends, because the
parent died in whatever way, all of them end and FOLDER is deleted, for nobody else will. Where the
system permits it, the program has a network of its own with nobody in it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

OUT_OF_MEMORY = 41
"""Exit status if the program came to no good and held nearly all that it was allowed."""
_NEAR = 0.6
"""Of the memory that is allowed: what is held is less than what was asked for."""
_GONE_S = 0.5
"""What was killed writes nothing more after this."""
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
"""Flags of Linux's ``unshare``: as root the second alone may do, for others it takes both."""


def main() -> None:
    """Runs the program to its end; the exit status is its own, or ``OUT_OF_MEMORY``."""
    folder, memory_mb, file_mb, *command = sys.argv[1:]
    _leave_network()  # which a process with threads may not
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    _limit(int(memory_mb) << 20, int(file_mb) << 20)
    status = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode  # noqa: S603
    if status and _peak_mb() > _NEAR * int(memory_mb):
        status = OUT_OF_MEMORY
    sys.exit(status if status >= 0 else 128 - status)


def _end_with_parent(folder: str) -> None:
    while os.read(0, 1):
        pass
    if hasattr(os, "killpg"):
        group = os.getpgrp()
        if os.fork():
            return  # and is killed
        os.setsid()
        os.killpg(group, signal.SIGKILL)
        time.sleep(_GONE_S)
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _leave_network() -> None:
    """Leaves the network of this machine, loopback included, if the system lets us."""
    with suppress(OSError, AttributeError):  # no Linux
        unshare = ctypes.CDLL(None).unshare
        if unshare(_NEW_NETWORK):
            unshare(_NEW_USER | _NEW_NETWORK)


def _limit(memory: int, file: int) -> None:
    """Lets allocations and files beyond the limits fail, where the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (file, file))
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _peak_mb() -> float:
    """The most memory that one of the processes held."""
    with suppress(ImportError):
        import resource

        unit = 1024 if sys.platform == "linux" else 1024**2
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit
    return 0.0


if __name__ == "__main__":
    main()
