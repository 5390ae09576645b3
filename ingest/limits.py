"""How files are read, and what reading one may cost, from the settings."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ingest.load import LoadOptions
from rag_app.settings import Settings

_MOST_WORKERS = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker process may use for one file.

    Attributes:
        seconds: It is stopped after so long; a page that is recognised starts the time anew.
        memory_mb: It gets no more memory than this.
        workers: How many work at once.
    """

    seconds: float = 300.0
    memory_mb: int = 1000
    workers: int = 1


def options_of(settings: Settings) -> LoadOptions:
    """How files are read."""
    secret = settings.pdf_password
    return LoadOptions(
        password=secret.get_secret_value() if secret else None,
        max_bytes=int(settings.max_file_mb * 1e6),
        max_characters=settings.max_file_characters,
        ocr=settings.ocr,
        ocr_languages=settings.ocr_languages,
        ocr_threads=max(1, (os.cpu_count() or 1) // _workers(settings)),
    )


def limits_of(settings: Settings) -> Limits:
    """What reading one file may cost."""
    return Limits(settings.parse_seconds, settings.parse_memory_mb, _workers(settings))


def _workers(settings: Settings) -> int:
    return settings.parse_workers or min(_MOST_WORKERS, os.cpu_count() or 1)
