"""The present and the next model of a collection, compared before they change places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from rag_app.evaluation.compare import compare_models
from rag_app.evaluation.material import gather
from rag_app.evaluation.questions import saved_path
from rag_app.evaluation.result import Comparison
from rag_app.evaluation.run import Step
from rag_app.settings import Settings
from rag_app.store import Collection

NotCompared = Literal["no questions", "sent again"]
"""No questions are saved for the collection, or its passages would be sent away a second time."""


def compare_switched(
    live: Collection,
    specs: tuple[str, str],
    settings: Settings,
    *,
    sends_again: bool,
    progress: Callable[[Step], None] | None = None,
    cancelled: Callable[[], bool],
) -> Comparison | NotCompared:
    """Compares the two on the saved questions.

    The passages are those of the live index; both models know them from the vector cache, unless
    they were cut anew.

    Args:
        live: The index that answers now.
        specs: The present and the next model.
        settings: Where questions are saved.
        sends_again: Whether the next model is given passages that it does not know, by a network.
        progress: Told how far it is.
        cancelled: Asked often whether to stop.

    Raises:
        RagError: The questions cannot be read, or there is nothing to compare.
    """
    if not saved_path(settings, live.name).is_file():
        return "no questions"
    if sends_again:
        return "sent again"
    material = gather(live, settings, cancelled=cancelled)
    return compare_models(material, specs, settings, progress=progress, cancelled=cancelled)
