"""What was worked out is kept for the next look, and is the same for all sessions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from rag_app.ui.work import Work

T = TypeVar("T")


class Shelf(Generic[T]):
    """Work by what it depends on: sessions that want the same share it."""

    def __init__(self, kept: int, at_once: int) -> None:
        """Makes an empty one.

        Args:
            kept: How many are kept; the one that was wanted longest ago goes first.
            at_once: How many are at work at a time, and as many quick ones.
        """
        self._kept_at_most = kept
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Work[T]] = OrderedDict()
        self._turn = threading.Semaphore(at_once)
        self._quick_turn = threading.Semaphore(at_once)

    def get(self, key: Hashable, make: Callable[[Work[T]], T], *, quick: bool = False) -> Work[T]:
        """The work with this key; begun, if there is none.

        Args:
            key: Everything that it depends on.
            make: Does it, in another thread; is given the work, to note how far it is.
            quick: It need not wait behind those that take seconds.
        """
        with self._lock:
            work = self._kept.get(key)
            if work is None:
                work = Work(make, self._quick_turn if quick else self._turn)
                self._kept[key] = work
                work.start()
            self._kept.move_to_end(key)
            while len(self._kept) > self._kept_at_most:
                self._kept.popitem(last=False)
            return work

    def forget(self, work: Work[T]) -> None:
        """Drops work, so that it is done anew when it is wanted again."""
        with self._lock:
            for key in [key for key, kept in self._kept.items() if kept is work]:
                del self._kept[key]
