"""The commands. Importing this package, or any module of it, loads no heavy library."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["ingest_main", "main"]


def main() -> None:
    """The console command ``rag``."""
    with _imports_interrupted():
        from rag_app.cli.app import app
        from rag_app.cli.run import run
    run(app, "rag")


def ingest_main() -> None:
    """The console command ``ingest``; ``python -m ingest`` is the same."""
    with _imports_interrupted():
        from rag_app.cli.ingest import app
        from rag_app.cli.run import run
    run(app, "ingest")


@contextmanager
def _imports_interrupted() -> Iterator[None]:
    """Ctrl-C while modules are imported: there is nothing to stop yet, and nothing to say."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
