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


def compared(
    plan: SwitchPlan, opened: Switch, settings: Settings, cancelled: Callable[[], bool]
) -> list[str]:
    """Compares the two on the saved questions, before they change places.

    The passages are those of the live index; both models know them from the vector cache, unless
    they were cut anew.

    Args:
        plan: Names the collection and the two models.
        opened: The built switch.
        settings: Where questions are saved.
        cancelled: Asked often whether to stop.

    Returns:
        What came of it, in sentences; none where no questions are saved.
    """
    from rag_app.evaluation import compare_models, gather, saved_path

    if not saved_path(settings, plan.name).is_file():
        return []
    if opened.sends_text and (opened.cuts.from_file or opened.cuts.from_passages):
        return ["The two were not compared: the passages were cut anew, and would be sent again."]
    specs = [plan.before.embedding.spec, plan.identity.spec]
    try:
        material = gather(opened.live, settings, cancelled=cancelled)
        return _told(compare_models(material, specs, settings, cancelled=cancelled))
    except RagError as error:
        return [f"The two could not be compared: {error}"]


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
