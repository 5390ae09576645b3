"""Runs a command as a user would, and says how long it took and how much memory it held."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
DATA = Path(os.environ.get("TEST_DATA_DIR", ROOT.parent / "shared" / "data"))
RESULTS = ROOT / "benchmarks" / "results"


@dataclass(frozen=True)
class Run:
    """One finished process.

    Attributes:
        seconds: Wall time from start to exit.
        peak_mb: Largest resident memory of the process or of a process that it started, in MiB.
        output: What it printed on standard output.
    """

    seconds: float
    peak_mb: float
    output: str


def run(command: list[str], home: Path | None = None, allowed: tuple[int, ...] = (0,)) -> Run:
    """Runs ``command`` to its end; ``allowed`` are the exit statuses that count as success.

    Raises:
        SystemExit: It failed; its error output says why.
    """
    environ = dict(os.environ)
    if home is not None:
        environ["RAG_HOME"] = str(home)
    start = time.perf_counter()
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors, env=environ, cwd=ROOT)
        # wait4 alone tells the peak of this one child; RUSAGE_CHILDREN is over all of them.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        output.seek(0)
        errors.seek(0)
        if process.returncode not in allowed:
            raise SystemExit(f"{' '.join(command)} failed:\n{errors.read()}")
        return Run(seconds, usage.ru_maxrss / 1024, output.read())


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "cpu": _cpu()}


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "unknown")


def save(name: str, command: str, figures: dict[str, object]) -> None:
    """Writes ``results/NAME.json`` and prints it."""
    RESULTS.mkdir(exist_ok=True)
    document = {"command": command, "machine": machine(), "figures": figures}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n")
    print(text)


def as_figures(value: Run) -> dict[str, object]:
    """A run without its output, rounded."""
    return {k: round(v, 2) for k, v in asdict(value).items() if isinstance(v, float)}
