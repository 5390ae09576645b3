"""What one session has chosen on the page with the models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from rag_app.ui import state
from rag_app.ui.compare_setup import QuestionFile

Section = Literal["models", "learn", "words", "measures"]
Way = Literal["tune", "train"]
Asking = Literal["similar", "analogy", "similarity"]
Measure = Literal["words", "bias"]


@dataclass(slots=True)
class Choice:
    """The choices.

    Attributes:
        section: Part of the page.
        way: Of making a model: a sentence transformer tuned, or one of words trained.
        base: Spec of the model that is tuned.
        epochs: How often all is learned.
        file: The reader's own questions to learn from.
        kind: Spec of the kind of model that is trained.
        name: What the new model will be called; made up where it is empty.
        model: Spec of the model whose words are looked at; empty for the collection's own.
        asking: What of words.
        word: Whose neighbours are wanted.
        sum: Words with signs.
        first: One of two words.
        second: The other.
        measure: What is measured.
        analogies: Whether they are asked as well.
        folder: With more test sets; empty for none.
        agreed: What the reader has agreed to have sent.
    """

    section: Section = "models"
    way: Way = "tune"
    base: str = "minilm"
    epochs: int = 1
    file: QuestionFile | None = None
    kind: str = "word2vec"
    name: str = ""
    model: str = ""
    asking: Asking = "similar"
    word: str = ""
    sum: str = ""
    first: str = ""
    second: str = ""
    measure: Measure = "words"
    analogies: bool = True
    folder: str = ""
    agreed: str = ""


def choice() -> Choice:
    """The choices of this session."""
    return state.kept(state.Key.MODELS, Choice)


def bound(chosen: Choice, field: str) -> dict[str, Any]:
    """Arguments that make a widget show a field of the choices, and put there what is chosen."""
    return state.bound(chosen, field, f"models_{field}")
