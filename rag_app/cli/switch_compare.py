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
    from rag_app.evaluation.switched import NotCompared

STOPPING = "\nStopping the comparison; Ctrl-C again ends at once."
_WHY: dict[NotCompared, str] = {
    "no questions": "no questions are saved for this collection. Make some with: "
    "rag compare --collection {name} --keep",
    "sent again": "the passages were cut anew, and would be sent once more.",
}


def compare_generations(
    plan: SwitchPlan, opened: Switch, settings: Settings, *, json: bool
) -> dict[str, object] | None:
    """Compares the present and the next model on the saved questions, and shows what it found.

    Args:
        plan: Names the collection and the two models.
        opened: The built switch.
        settings: Where questions are saved.
        json: Show nothing on standard output.

    Returns:
        The comparison as JSON; None where no questions are saved, or nothing can be compared.
    """
    from rag_app.evaluation.switched import compare_switched

    try:
        with stop_on_interrupt(STOPPING) as cancelled, compare_display(quiet=json) as progress:
            done = compare_switched(
                opened.live,
                plan.specs,
                settings,
                sends_again=opened.sends_again,
                progress=progress,
                cancelled=cancelled,
            )
    except RagError as error:
        say(f"The two cannot be compared: {error}")
        return None
    if isinstance(done, str):
        say(f"The two are not compared: {_WHY[done].format(name=plan.name)}")
        return None
    if not json:
        show_comparison(done)
    return done.to_json()
