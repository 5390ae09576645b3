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
from collections.abc import Sequence
from pathlib import Path

from measure import BIN, DATA, ROOT, Run, as_figures, run, save

from rag_app.embeddings.minilm_files import ensure_onnx
from rag_app.settings import load_settings

PDF = DATA / "financebench" / "pdfs" / "3M_2018_10K.pdf"
ROUNDS = 3


def ours(pdfs: Sequence[Path], precision: str = "int8") -> tuple[Run, dict[str, float]]:
    """One run of ``ingest``, and the totals that it reports."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["RAG_CACHE"] = str(Path(home) / "cache")
        ensure_onnx(load_settings(), lambda _: None, precision=precision)
        embedding = f"--embedding=minilm?precision={precision}"
        finished = run([str(BIN / "ingest"), "--json", embedding, *map(str, pdfs)], Path(home))
    return finished, json.loads(finished.output)["totals"]


def theirs(pdfs: Sequence[Path]) -> Run:
    """One run of the tutorial's pipeline."""
    return run([sys.executable, "-W", "ignore", "benchmarks/tutorial.py", *map(str, pdfs)])


def main() -> None:
    """Runs both pipelines in turns and saves medians and ratios."""
    if not PDF.exists():
        sys.exit(f"{PDF} is not there: this benchmark needs the shared test data.")
    mine: list[tuple[Run, float]] = []
    tutorial: list[Run] = []
    for _ in range(ROUNDS):
        finished, totals = ours([PDF])
        mine.append((finished, totals["encoder_seconds"]))
        tutorial.append(theirs([PDF]))
    time_ratio = statistics.median(
        a.seconds / b.seconds for (a, _), b in zip(mine, tutorial, strict=True)
    )
    memory_ratio = statistics.median(
        a.peak_mb / b.peak_mb for (a, _), b in zip(mine, tutorial, strict=True)
    )
    save(
        "tutorial_report",
        f"python {Path(__file__).relative_to(ROOT)}",
        {
            "ours": [as_figures(a) | {"encoder_seconds": round(e, 2)} for a, e in mine],
            "tutorial": [as_figures(b) for b in tutorial],
            "time_ratio": round(time_ratio, 3),
            "memory_ratio": round(memory_ratio, 3),
            "encoder_share": round(statistics.median(e / a.seconds for a, e in mine), 3),
        },
    )


if __name__ == "__main__":
    main()
