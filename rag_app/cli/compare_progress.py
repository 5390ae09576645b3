"""How far a comparison has come: a bar on a terminal, elsewhere a line for each model."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from rag_app.cli.output import say

if TYPE_CHECKING:
    from rag_app.evaluation import Step

_STAGES = {
    "fit": "fitting",
    "load": "loading",
    "passages": "embedding the passages",
    "questions": "asking",
    "speed": "measuring the speed",
}

Show = Callable[["Step"], None]


def compare_display(*, quiet: bool) -> AbstractContextManager[Show]:
    """What fits standard error; nothing where it should be quiet."""
    return _Bar() if sys.stderr.isatty() and not quiet else _Lines(quiet=quiet)


class _Lines:
    """A line when a model begins."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._spec = ""

    def __enter__(self) -> Show:
        return self.show

    def __exit__(self, *_error: object) -> None:
        return None

    def show(self, step: Step) -> None:
        """Names the model, once."""
        if step.spec != self._spec and not self._quiet:
            say(f"{step.number} of {step.models}: {step.spec}")
        self._spec = step.spec


class _Bar:
    """A bar over the parts of a stage, with model and stage."""

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

    def __enter__(self) -> Show:
        self._bar.start()
        return self.show

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def show(self, step: Step) -> None:
        """Moves the bar; a new stage begins a new one."""
        text = f"{step.number} of {step.models}  {step.spec}: {_STAGES.get(step.stage, step.stage)}"
        if text != self._stage:
            self._stage = text
            self._bar.reset(self._task, total=step.total or None, description=text)
        self._bar.update(self._task, completed=step.done, total=step.total or None)
