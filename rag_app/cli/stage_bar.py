"""A bar on the terminal for work in stages, each with its own end."""

from __future__ import annotations

from typing import Self


class StageBar:
    """A bar that begins anew with each stage, with the time left in it; for a ``with`` block."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("", total=None)
        self._stage = ""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def move(self, stage: str, done: int, total: int) -> None:
        """Shows that ``done`` of ``total`` is done of a stage; 0 where it has no parts."""
        if stage != self._stage:
            self._stage = stage
            self._bar.reset(self._task, total=total or None, description=stage)
        self._bar.update(self._task, completed=done, total=total or None)
