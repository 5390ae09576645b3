"""A 160-page annual report: this application against the tutorial pipeline, in one run.

    .venv/bin/python benchmarks/tutorial_report.py

Whole processes, started cold one after the other and in turns (ours, theirs, ours, theirs), each
into an empty store; the vector cache is empty too. Bars: a quarter of the time, half of the
memory, 85 % of our time inside the encoder.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from measure import BIN, DATA, ROOT, Run, as_figures, run, save

PDF = DATA / "financebench" / "pdfs" / "3M_2018_10K.pdf"
ROUNDS = 3


def ours() -> tuple[Run, float]:
    """One run of ``ingest``; its seconds inside the encoder with it."""
    with tempfile.TemporaryDirectory() as home:
        cache = Path(home) / "cache"
        os.environ["RAG_CACHE"] = str(cache)
        run([str(BIN / "rag"), "models", "prepare"], Path(home))
        finished = run([str(BIN / "ingest"), "--json", str(PDF)], Path(home))
    totals = json.loads(finished.output)["totals"]
    return finished, float(totals["encoder_seconds"])


def main() -> None:
    """Runs both pipelines in turns and saves medians and ratios."""
    if not PDF.exists():
        sys.exit(f"{PDF} is not there: this benchmark needs the shared test data.")
    mine: list[tuple[Run, float]] = []
    theirs: list[Run] = []
    for _ in range(ROUNDS):
        mine.append(ours())
        theirs.append(run([sys.executable, "-W", "ignore", "benchmarks/tutorial.py", str(PDF)]))
    time_ratio = statistics.median(
        a.seconds / b.seconds for (a, _), b in zip(mine, theirs, strict=True)
    )
    memory_ratio = statistics.median(
        a.peak_mb / b.peak_mb for (a, _), b in zip(mine, theirs, strict=True)
    )
    save(
        "tutorial_report",
        f"python {Path(__file__).relative_to(ROOT)}",
        {
            "ours": [as_figures(a) | {"encoder_seconds": round(e, 2)} for a, e in mine],
            "tutorial": [as_figures(b) for b in theirs],
            "time_ratio": round(time_ratio, 3),
            "memory_ratio": round(memory_ratio, 3),
            "encoder_share": round(statistics.median(e / a.seconds for a, e in mine), 3),
        },
    )


if __name__ == "__main__":
    main()
