"""Runs every benchmark, one after the other: ``make bench``, or ``run.py NAME …`` for some."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
NAMES = ("sample_questions", "latency", "tutorial_report", "answers", "precision")


def main(names: list[str]) -> int:
    """Runs the named benchmarks, all of them when none is named; the worst exit status."""
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}. Known: {', '.join(NAMES)}.")
        return 2
    worst = 0
    for name in names or NAMES:
        print(f"== {name}", flush=True)
        worst = max(worst, subprocess.call([sys.executable, str(FOLDER / f"{name}.py")]))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
