"""What a kept conversation is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rag_app.types import Role


@dataclass(frozen=True, slots=True)
class ConversationInfo:
    """A conversation in a list; ``messages`` is how many it has."""

    id: int
    title: str
    collection: str
    created_at: datetime
    updated_at: datetime
    messages: int


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a reader thought of an answer: thumb up, down or neither, and a comment."""

    up: bool | None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message; ``answer`` is what belongs to an answer beside its text, as it was given."""

    id: int
    role: Role
    text: str
    answer: dict[str, Any] | None
    feedback: Feedback | None
    created_at: datetime
