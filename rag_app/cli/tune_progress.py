"""How far a tuning has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from rag_app.cli.output import say
from rag_app.cli.progress import EVERY_S, duration
from rag_app.cli.stage_bar import StageBar

if TYPE_CHECKING:
    from rag_app.evaluation.tune_material import TuneStep

_STAGES = {
    "questions": "making questions",
    "load": "loading the model",
    "before": "scoring it as it is (1 of 3)",
    "training": "training (2 of 3)",
    "after": "scoring the tuned one (3 of 3)",
}

Show = Callable[["TuneStep"], None]


def tune_display(*, quiet: bool) -> AbstractContextManager[Show]:
    """What fits standard error; lines only where it should be quiet."""
    return _bar() if sys.stderr.isatty() and not quiet else _Lines()


class _Lines:
    """A line when a stage begins, and one every few seconds with the time left in it."""

    def __init__(self) -> None:
        self._stage = ""
        self._last = self._start = 0.0
        self._from = 0

    def __enter__(self) -> Show:
        return self.show

    def __exit__(self, *_error: object) -> None:
        return None

    def show(self, step: TuneStep) -> None:
        """Says where it stands, if it is time to."""
        now = monotonic()
        if step.stage != self._stage:
            self._stage, self._start, self._from = step.stage, now, step.done
            self._last = now
            say(_STAGES[step.stage])
        elif now - self._last >= EVERY_S and step.done > self._from:
            self._last = now
            left = (now - self._start) / (step.done - self._from) * (step.total - step.done)
            say(f"{_STAGES[step.stage]}: {step.done} of {step.total}, {duration(left)} left")


@contextmanager
def _bar() -> Iterator[Show]:
    """A bar over the parts of a stage, with the time left in it."""
    with StageBar() as bar:
        yield lambda step: bar.move(_STAGES[step.stage], step.done, step.total)
