"""How many words are embedded: a line now and then on standard error."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from rag_app.cli.output import say

_EVERY_S = 5.0


def word_progress() -> Callable[[int, int], None]:
    """What to tell of embedded words; silent for as long as it goes fast."""
    last = [monotonic()]

    def tell(done: int, total: int) -> None:
        if done < total and monotonic() - last[0] >= _EVERY_S:
            last[0] = monotonic()
            say(f"{done:,} of {total:,} words embedded")

    return tell
