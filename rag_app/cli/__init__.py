"""The commands. Importing this package, or any module of it, loads no heavy library."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """The console command ``rag``."""
    from rag_app.cli.app import app
    from rag_app.cli.run import run

    run(app, "rag")
