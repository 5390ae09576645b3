"""What a user waits for: re-ingesting unchanged files, and one answer from a new process.

    .venv/bin/python benchmarks/latency.py

Bars: 1,000 unchanged files under 2 s; ``rag ask`` on sample_docs/ under 4 s with a warm disk.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from measure import BIN, ROOT, run, save

QUESTION = "How many days of annual leave do employees get?"
ROUNDS = 5


def unchanged(home: Path) -> list[float]:
    """Seconds of re-ingesting 1,000 files that have not changed."""
    folder = home / "thousand"
    folder.mkdir()
    for number in range(1000):
        text = f"Note {number}. Room {number % 37} was booked for team {number % 11}.\n"
        (folder / f"note-{number:04d}.txt").write_text(text)
    command = [str(BIN / "ingest"), "--quiet", "--collection", "notes", str(folder)]
    run(command, home)
    return [run(command, home).seconds for _ in range(ROUNDS)]


def ask(home: Path) -> list[float]:
    """Seconds of ``rag ask`` as a new process."""
    run([str(BIN / "ingest"), "--quiet", str(ROOT / "sample_docs")], home)
    command = [str(BIN / "rag"), "ask", "--json", QUESTION]
    run(command, home)
    return [run(command, home).seconds for _ in range(ROUNDS)]


def main() -> None:
    """Measures both and saves the medians and the worst."""
    with tempfile.TemporaryDirectory() as folder:
        figures = {"unchanged_1000": unchanged(Path(folder)), "ask": ask(Path(folder))}
    save(
        "latency",
        f"python {Path(__file__).relative_to(ROOT)}",
        {
            name: {"median_s": round(statistics.median(runs), 2), "worst_s": round(max(runs), 2)}
            for name, runs in figures.items()
        },
    )


if __name__ == "__main__":
    main()
