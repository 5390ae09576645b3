"""How far a comparison has come: a bar on a terminal, elsewhere a line for each model."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from rag_app.cli.output import say
from rag_app.cli.stage_bar import StageBar

if TYPE_CHECKING:
    from rag_app.evaluation import Step

_STAGES = {
    "fit": "fitting",
    "index": "building the index",
    "load": "loading",
    "passages": "embedding the passages",
    "questions": "asking",
    "speed": "measuring the speed",
}

_EVERY_S = 15.0
"""Seconds between two lines where there is no terminal."""

Show = Callable[["Step"], None]


def compare_display(*, quiet: bool) -> AbstractContextManager[Show]:
    """What fits standard error; nothing where it should be quiet."""
    return _bar() if sys.stderr.isatty() and not quiet else _Lines(quiet=quiet)


class _Lines:
    """A line when a model begins, and now and then while it takes long."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._spec = ""
        self._said = monotonic()

    def __enter__(self) -> Show:
        return self.show

    def __exit__(self, *_error: object) -> None:
        return None

    def show(self, step: Step) -> None:
        """Names the model, once, and how far it is, every so many seconds."""
        if self._quiet:
            return
        if step.spec != self._spec:
            say(f"{step.number} of {step.models}: {step.spec}")
        elif step.total and monotonic() - self._said >= _EVERY_S:
            stage = _STAGES.get(step.stage, step.stage)
            say(f"  {stage}: {step.done:,} of {step.total:,}")
        else:
            return
        self._spec, self._said = step.spec, monotonic()


@contextmanager
def _bar() -> Iterator[Show]:
    """A bar over the parts of a stage, with model and stage."""
    with StageBar() as bar:

        def show(step: Step) -> None:
            stage = _STAGES.get(step.stage, step.stage)
            text = f"{step.number} of {step.models}  {step.spec}: {stage}"
            bar.move(text, step.done, step.total)

        yield show
