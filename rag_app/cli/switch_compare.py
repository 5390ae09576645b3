"""The comparison that ``rag switch`` shows before it changes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_app.cli.compare_progress import compare_display
from rag_app.cli.compare_report import show_comparison
from rag_app.cli.interrupt import stop_on_interrupt
from rag_app.cli.output import say
from rag_app.errors import RagError
from rag_app.settings import Settings

if TYPE_CHECKING:
    from ingest.switch import Switch, SwitchPlan
    from rag_app.evaluation import Comparison

STOPPING = "\nStopping the comparison; Ctrl-C again ends at once."


def compare_generations(
    plan: SwitchPlan, opened: Switch, settings: Settings, *, json: bool
) -> dict[str, object] | None:
    """Compares the present and the next model on the saved questions, and shows what it found.

    The passages are those of the live index; both models know them from the vector cache, unless
    they were cut anew.

    Args:
        plan: Names the collection and the two models.
        opened: The built switch.
        settings: Where questions are saved.
        json: Show nothing on standard output.

    Returns:
        The comparison as JSON; None where no questions are saved, or nothing can be compared.
    """
    from rag_app.evaluation.questions import saved_path

    if not saved_path(settings, plan.name).is_file():
        say(
            "The two are not compared: no questions are saved for this collection. Make some with: "
            f"rag compare --collection {plan.name} --keep"
        )
        return None
    if opened.sends_text and (opened.cuts.from_file or opened.cuts.from_passages):
        say("The two are not compared: the passages were cut anew, and would be sent once more.")
        return None
    try:
        comparison = _compared(plan, opened, settings, json=json)
    except RagError as error:
        say(f"The two cannot be compared: {error}")
        return None
    if not json:
        show_comparison(comparison)
    return comparison.to_json()


def _compared(plan: SwitchPlan, opened: Switch, settings: Settings, *, json: bool) -> Comparison:
    from rag_app.evaluation import compare_models, gather

    specs = [plan.before.embedding.spec, plan.identity.spec]
    with stop_on_interrupt(STOPPING) as cancelled, compare_display(quiet=json) as progress:
        material = gather(opened.live, settings, cancelled=cancelled)
        return compare_models(material, specs, settings, progress=progress, cancelled=cancelled)
