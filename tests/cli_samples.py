"""What the tests of the commands share: a way to run them, and a small ingested folder."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Timer

from embeddings_samples import prepared_cache

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "sample_docs"
TIMEOUT_S = 120
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


class Forks:
    """The process that commands are forked from (cli_forks.py)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(Path(__file__).with_name("cli_forks.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that a command that hangs can be ended with it
            preexec_fn=_heed_interrupts,  # noqa: PLW1509 - it touches nothing that threads share
        )
        atexit.register(self.stop)

    def run(
        self, module: str, arguments: list[str], folder: Path, variables: dict[str, str], stdin: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end, as ``subprocess.run`` does."""
        with tempfile.TemporaryDirectory() as name:
            streams = {one: Path(name) / one for one in ("stdin", "stdout", "stderr")}
            for file in streams.values():
                file.write_text("")
            streams["stdin"].write_text(stdin, encoding="utf-8")
            job = {"module": module, "arguments": arguments, "folder": str(folder)}
            job |= {"variables": variables} | {one: str(file) for one, file in streams.items()}
            status = self._status_of(job)
            said = [streams[one].read_text(encoding="utf-8") for one in ("stdout", "stderr")]
        return subprocess.CompletedProcess([module, *arguments], status, *said)

    def _status_of(self, job: dict[str, object]) -> int:
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answers is not None
        asked.write(json.dumps(job) + "\n")
        asked.flush()
        hanging = Timer(TIMEOUT_S, os.killpg, (self._process.pid, signal.SIGKILL))
        hanging.start()
        try:
            answer = answers.readline()
        finally:
            hanging.cancel()
        assert answer, f"{job['module']} {job['arguments']} did not end in {TIMEOUT_S} seconds"
        return int(answer)

    def stop(self) -> None:
        """Ends the process, which has nothing to do."""
        self._process.communicate()


@cache
def forks() -> Forks:
    """The one of this test process, started when the first command is run."""
    return Forks()


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
        variables = environment(self.folder, **(variables or {}))
        return forks().run(module, list(map(str, arguments)), self.folder, variables, stdin)

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
