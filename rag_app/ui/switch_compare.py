"""How the present and the next model compare, told at the end of a switch on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rag_app.errors import RagError
from rag_app.settings import Settings
from rag_app.ui import wording

if TYPE_CHECKING:
    from ingest.switch import Switch, SwitchPlan
    from rag_app.evaluation import Comparison
    from rag_app.evaluation.switched import NotCompared

_WHY: dict[NotCompared, list[str]] = {
    "no questions": [],
    "sent again": [
        "The two were not compared: the passages were cut anew, and would be sent again."
    ],
}


def compared(
    plan: SwitchPlan, opened: Switch, settings: Settings, cancelled: Callable[[], bool]
) -> list[str]:
    """Compares the two on the saved questions, before they change places.

    Args:
        plan: Names the collection and the two models.
        opened: The built switch.
        settings: Where questions are saved.
        cancelled: Asked often whether to stop.

    Returns:
        What came of it, in sentences; none where no questions are saved.
    """
    from rag_app.evaluation.switched import compare_switched

    try:
        done = compare_switched(
            opened.live,
            plan.specs,
            settings,
            sends_again=opened.sends_again,
            cancelled=cancelled,
        )
    except RagError as error:
        return [f"The two could not be compared: {error}"]
    return _WHY[done] if isinstance(done, str) else _told(done)


def _told(done: Comparison) -> list[str]:
    from rag_app.evaluation.measures import MAIN
    from rag_app.evaluation.wording import with_interval

    if done.interrupted:
        return []
    failures = [f"{one.spec} could not be compared: {one.reason}" for one in done.failures]
    if failures:
        return failures
    figures = ", ".join(
        f"{one.spec} {with_interval(one.scores(done.by).measures[MAIN])}" for one in done.models
    )
    asked = wording.count(len(done.questions), "saved question")
    return [f"nDCG@10 on {asked}: {figures}. {done.recommendation.sentence}"]
