"""What a loader is told, and the sentences that loaders share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Limits and secrets for reading one file.

    Attributes:
        password: Tried on encrypted files.
        max_bytes: Larger files are refused.
        max_characters: Files that hold more text are refused.
        ocr: Whether text on images is recognised: ``off``, ``auto`` where a page has no text of
            its own, ``always`` on every page of a PDF.
        ocr_threads: How many compute that.
        ocr_languages: Tesseract's names of those to recognise; empty for the bundled models.
        depth: How many files the one that is read is attached within.
        convert: Makes a document that can be read of an old Office file: from its name, the ending
            of its kind and its bytes. None where nobody can.
        on_page: Called after each page that took long: the file is being read still.
    """

    password: str | None = None
    max_bytes: int = 200_000_000
    max_characters: int = 50_000_000
    ocr: str = "auto"
    ocr_threads: int = 1
    ocr_languages: str = ""
    depth: int = 0
    convert: Callable[[str, str, bytes], bytes] | None = None
    on_page: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file's bytes, read once: what is hashed is what is parsed."""

    path: Path
    data: bytes

    @property
    def name(self) -> str:
        """The file name, for messages."""
        return self.path.name
