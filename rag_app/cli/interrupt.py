"""Ctrl-C in two steps: the first asks the work to end at a sound place, the second ends it now."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rag_app.cli.output import say


@contextmanager
def stop_on_interrupt(message: str) -> Iterator[Callable[[], bool]]:
    """While open, the first Ctrl-C only makes the function it yields return True.

    Args:
        message: Said at the first Ctrl-C.

    Raises:
        KeyboardInterrupt: At the second Ctrl-C.
    """
    stopped = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        if stopped:
            raise KeyboardInterrupt
        stopped = True
        say(message)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: stopped
    finally:
        signal.signal(signal.SIGINT, before)
