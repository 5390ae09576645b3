"""Paths in which something changed, until they have come to rest."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SETTLED_S = 1.0
"""A file whose size and time of change stay the same for so long is taken to be complete.

The same holds for one that is gone: a renamed file is gone and there again in one and the same
round, so that it is moved and not made anew.
"""

_State = tuple[int, int] | None


@dataclass(slots=True)
class _Seen:
    state: _State
    since: float


class Pending:
    """The paths that wait, each with what it looked like when it was last looked at."""

    def __init__(self) -> None:
        self._seen: dict[Path, _Seen] = {}

    def __len__(self) -> int:
        """How many wait."""
        return len(self._seen)

    def note(self, paths: Iterable[Path], later_s: float = 0.0) -> None:
        """Adds paths in which something changed.

        Args:
            paths: Files, folders, or what was there before.
            later_s: How long they are to wait at least, besides.
        """
        now = time.monotonic()
        for path in paths:
            self._seen[path] = _Seen(_state(path), now + later_s)

    def settled(self) -> list[Path]:
        """Takes out the paths that have come to rest, in the order in which they were noted."""
        now = time.monotonic()
        ready: list[Path] = []
        for path, seen in self._seen.items():
            state = _state(path)
            if state != seen.state:
                seen.state, seen.since = state, max(now, seen.since)
            elif now - seen.since >= SETTLED_S:
                ready.append(path)
        for path in ready:
            del self._seen[path]
        return ready


def _state(path: Path) -> _State:
    """Size and time of change; None if it is not there."""
    try:
        status = os.stat(path)  # noqa: PTH116 - a name that the system cannot take must not raise
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns
