"""What one session has chosen for its map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rag_app.evaluation.map_groups import Colour
from rag_app.evaluation.project import Method
from rag_app.ui import state


@dataclass(slots=True)
class Choice:
    """The choices; those of a question and of a second model hold for every collection.

    Attributes:
        method: How the vectors are drawn.
        dimensions: 2 or 3.
        colour: What a colour stands for.
        question: What was asked; empty for none.
        second: Spec of the second model; empty for none.
        agreed: Host that the reader has agreed to send passages to.
    """

    method: Method = "pca"
    dimensions: int = 2
    colour: Colour = "document"
    question: str = ""
    second: str = ""
    agreed: str = ""


def choice() -> Choice:
    """The choices of this session."""
    return state.kept(state.Key.MAP, Choice)


def bound(chosen: Choice, field: str) -> dict[str, Any]:
    """Arguments that make a widget show a field of the choices, and put there what is chosen."""
    return state.bound(chosen, field, f"map_{field}")
