"""What the tests of the commands share: a way to run them, and a small ingested folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from embeddings_samples import prepared_cache

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "sample_docs"
LEFT_OUT = ("RAG_", "OPENAI_", "STREAMLIT_", "COLUMNS")


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """Variables of a process that keeps all it writes in ``folder``."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(LEFT_OUT)}
    own = {
        "HOME": str(folder),
        "RAG_HOME": str(folder / "home"),
        "RAG_CACHE": str(prepared_cache(folder / "cache")),
        "COLUMNS": "100",
    }
    return inherited | own | variables


@dataclass(frozen=True)
class Cli:
    """Runs ``rag`` and ``ingest`` in processes of their own."""

    folder: Path

    def rag(self, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        return self.run("rag_app", *arguments, **options)

    def ingest(self, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        return self.run("ingest", *arguments, **options)

    def json(self, *arguments: object, **options: object) -> object:
        """What ``rag … --json`` prints, which must be all it prints on standard output."""
        done = self.rag(*arguments, "--json", **options)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def run(
        self,
        module: str,
        *arguments: object,
        stdin: str = "",
        variables: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            check=False,
            input=stdin,
            cwd=self.folder,
            env=environment(self.folder, **(variables or {})),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def start(self, *command: object, **options: object) -> subprocess.Popen[str]:
        """Starts ``python COMMAND``, to be talked to or interrupted."""
        return subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=self.folder,
            env=environment(self.folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A parent that ignores Ctrl-C (a background job) would hand that down.
            preexec_fn=_heed_interrupts,  # noqa: PLW1509 - it touches nothing that threads share
            **options,
        )


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def one_sentence(text: str) -> bool:
    """Whether an error came as text for people: one line, no traceback."""
    lines = [line for line in text.strip().splitlines() if line]
    return len(lines) == 1 and "Traceback" not in text
