"""What a loader is told, and the sentences that loaders share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Limits and secrets for reading one file.

    Attributes:
        password: Tried on encrypted files.
        max_bytes: Larger files are refused.
        max_characters: Files that hold more text are refused.
    """

    password: str | None = None
    max_bytes: int = 200_000_000
    max_characters: int = 50_000_000


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file's bytes, read once: what is hashed is what is parsed."""

    path: Path
    data: bytes

    @property
    def name(self) -> str:
        """The file name, for messages."""
        return self.path.name
