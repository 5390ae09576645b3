"""Trying again, and not too often: back-off with jitter, and a limit of requests per minute."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

from rag_app.embeddings.faults import RETRIED, Fault, fault_of

_T = TypeVar("_T")

ATTEMPTS = 5
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential back-off with full jitter (Brooker 2015, the AWS architecture blog).

    A wait that the service itself asks for is kept exactly; one that is longer than
    ``longest_s`` is not waited for.

    Attributes:
        attempts: Requests in all, the first included.
        first_s: Longest wait before the second request; it doubles each time.
        longest_s: Longest wait of all.
        sleep: Waits; tests put their own here.
    """

    attempts: int = ATTEMPTS
    first_s: float = FIRST_WAIT_S
    longest_s: float = LONGEST_WAIT_S
    sleep: Callable[[float], None] = time.sleep

    def call(self, work: Callable[[], _T]) -> _T:
        """Does ``work``, again where what went wrong may be over in a moment.

        Raises:
            Exception: What ``work`` raised last.
        """
        for attempt in range(1, self.attempts + 1):
            try:
                return work()
            except Exception as error:
                fault = fault_of(error)
                wait = None if fault is None else self._wait(fault, attempt)
                if wait is None:
                    raise
            self.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, fault: Fault, attempt: int) -> float | None:
        if fault.kind not in RETRIED or attempt >= self.attempts:
            return None
        if fault.wait_s is not None:
            return fault.wait_s if fault.wait_s <= self.longest_s else None
        # Half of it is certain, so that a service in trouble gets at least that pause.
        span: float = min(self.longest_s, self.first_s * 2 ** (attempt - 1))
        return span / 2 + random.uniform(0, span / 2)  # noqa: S311 - no secret


class Pace:
    """At most so many requests in a minute, evenly spaced. Safe for several threads.

    Args:
        per_minute: 0 is no limit.
        sleep: Waits; tests put their own here.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        per_minute: int = 0,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._sleep = sleep
        self._clock = clock
        self._lock = Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Returns when the next request may start."""
        if not self._gap:
            return
        with self._lock:
            now = self._clock()
            start = max(now, self._next)
            self._next = start + self._gap
        if start > now:
            self._sleep(start - now)
