"""Runs one of our own scripts in a process of its own, whose memory and libraries go with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rag_app.errors import EmbeddingError


def run_script(script: Path, *arguments: object, seconds: int, what: str, failed: str) -> None:
    """Runs ``script`` to its end.

    Args:
        script: A file of this package.
        arguments: For its command line.
        seconds: It is stopped after so long.
        what: What it does, for the sentence that it took too long.
        failed: What to say before the reason when it fails.

    Raises:
        EmbeddingError: It took too long, or failed.
    """
    # -P keeps the script's folder off the module path, where spec.py or cache.py could hide others.
    command = [sys.executable, "-P", "-W", "ignore", str(script), *map(str, arguments)]
    try:
        done = subprocess.run(  # noqa: S603 - our own script and paths
            command, capture_output=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise EmbeddingError(
            f"{what} took more than {seconds // 60} minutes and was stopped. Try again when the "
            "machine is less busy."
        ) from error
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise EmbeddingError(f"{failed}: {lines[-1]}. `rag doctor` checks the installation.")
