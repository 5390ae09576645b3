"""How far an ingestion has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from time import monotonic
from typing import TYPE_CHECKING

from rag_app.cli.output import counted, printable, say

if TYPE_CHECKING:
    from ingest import Progress

EVERY_S = 5.0
"""Seconds between two lines where there is no terminal."""

Show = Callable[["Progress"], None]


def progress_display() -> AbstractContextManager[Show]:
    """What fits standard error: a bar, or lines."""
    return ProgressBar() if sys.stderr.isatty() else ProgressLine(EVERY_S)


def rate(progress: Progress) -> float:
    """Passages embedded in a second; getting the model ready is not counted in."""
    seconds = progress.encoder_seconds or progress.seconds
    return progress.chunks_done / seconds if seconds > 0 else 0.0


def seconds_left(progress: Progress) -> float | None:
    """An estimate by passages, which take the time; None as long as there is nothing to go by."""
    expected = progress.chunks_expected
    if expected is None or not progress.chunks_done:
        return None
    return max(expected - progress.chunks_done, 0) / rate(progress)


def described(progress: Progress) -> str:
    """Rate and time left, in words."""
    left = seconds_left(progress)
    remaining = "" if left is None else f", {duration(left)} left"
    return f"{rate(progress):.1f} passages/s{remaining}"


def duration(seconds: float) -> str:
    """``45 s``, ``3 min``, ``2 h 5 min``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class ProgressLine:
    """A line at most every so many seconds; none at all without a number."""

    def __init__(self, every_s: float | None = None) -> None:
        self._every_s = every_s
        self._last = monotonic()

    def __enter__(self) -> Show:
        return self.show

    def __exit__(self, *_error: object) -> None:
        return None

    def show(self, progress: Progress) -> None:
        """Says where the ingestion stands, if it is time to."""
        if self._every_s is None or monotonic() - self._last < self._every_s:
            return
        self._last = monotonic()
        say(
            f"{progress.done} of {counted(progress.total, 'file')}, {progress.chunks_done} of "
            f"{counted(progress.chunks_known, 'passage')}, {described(progress)}: {progress.path}"
        )


class ProgressBar:
    """A bar by passages, with files, rate, time left, and the file that came last.

    Documents are stored many at once: a bar over files would stand still and leap.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            BarColumn(bar_width=30),
            TextColumn("{task.fields[files]}, {task.fields[rate]}", markup=False),
            TextColumn("{task.fields[name]}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, files="", rate="reading", name="")

    def __enter__(self) -> Show:
        self._bar.start()
        return self.show

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def show(self, progress: Progress) -> None:
        """Moves the bar."""
        name = printable(progress.path.rsplit("/", 1)[-1])
        self._bar.update(
            self._task,
            total=1.0,
            completed=progress.share,
            files=f"{progress.done} of {counted(progress.total, 'file')}",
            rate=described(progress),
            name=name if len(name) <= 40 else name[:39] + "…",
        )
