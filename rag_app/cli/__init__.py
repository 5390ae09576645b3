"""The commands. Importing this package, or any module of it, loads no heavy library."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """The console command ``rag``."""
    try:
        from rag_app.cli.app import app
        from rag_app.cli.run import run
    except KeyboardInterrupt:  # Ctrl-C while modules are imported, before there is anything to stop
        sys.exit(130)
    run(app, "rag")
