"""Memory of a run however long: one PDF of 5,000 pages, and what is held while it is ingested.

    .venv/bin/python benchmarks/ingest_memory.py [--pages N] [--embedding SPEC] [--server]

The PDF has the pages of the annual reports in the shared data, over and over. The command and the
processes that it starts are looked at ten times a second; memory that they share is counted once
(PSS). The vectors of repeated pages come from the cache, which starts empty. With ``--server`` the
vectors go to a Chroma server on this machine, which is looked at for itself.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from itertools import cycle, islice
from pathlib import Path

from measure import BIN, DATA, ROOT, save

from rag_app.settings import load_settings

sys.path.insert(0, str(ROOT / "tests"))
from chroma_server import chroma_server

LOOK_S = 0.1


def make_pdf(path: Path, pages: int) -> float:
    """Writes a PDF of so many pages, and returns its size in MB."""
    import pypdfium2

    reports = [pypdfium2.PdfDocument(one) for one in sorted(DATA.glob("financebench/pdfs/*.pdf"))]
    every = ((report, number) for report in reports for number in range(len(report)))
    whole = pypdfium2.PdfDocument.new()
    wanted = list(islice(cycle(list(every)), pages))
    while wanted:
        report = wanted[0][0]
        run = [number for other, number in wanted if other is report]
        numbers = run[: _up_to_first_again(run)]
        whole.import_pages(report, numbers)
        del wanted[: len(numbers)]
    whole.save(path)
    return path.stat().st_size / 1e6


def _up_to_first_again(numbers: list[int]) -> int:
    """How many of them rise, from the first: the pages of one pass through a report."""
    return next((n for n in range(1, len(numbers)) if numbers[n] <= numbers[n - 1]), len(numbers))


def tree(pid: int) -> Iterator[int]:
    """A process and all that descend from it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from tree(int(child))


def held_mb(pid: int) -> float:
    """What one process holds, shared memory by its share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def look(pid: int) -> tuple[float, float, float]:
    """What the command, its workers and a server hold, in MiB."""
    ours = list(tree(pid))
    others = [one for one in tree(os.getpid()) if one not in ours and one != os.getpid()]
    return _held(ours[:1]), _held(ours[1:]), _held(others)


def _held(processes: list[int]) -> float:
    total = 0.0
    for one in processes:
        with suppress(OSError):  # it has just ended
            total += held_mb(one)
    return total


def ingest(pdf: Path, folder: Path, embedding: str, url: str | None) -> dict[str, object]:
    """Ingests the PDF with the real command and returns what it held and reported."""
    (folder / "cache").mkdir()
    (folder / "cache" / "models").symlink_to(load_settings().cache / "models")
    places = {"RAG_HOME": str(folder / "home"), "RAG_CACHE": str(folder / "cache")}
    places |= {"RAG_CHROMA_URL": url} if url else {}
    places["RAG_PARSE_SECONDS"] = "3600"  # whatever else this machine does meanwhile
    places["RAG_MAX_FILE_CHARACTERS"] = "1000000000"
    report = folder / "report.json"
    command = [BIN / "ingest", pdf, "--quiet", "--report", report, "--embedding", embedding]
    start, curve = time.perf_counter(), []
    with subprocess.Popen(command, env=os.environ | places, cwd=ROOT) as process:
        while process.poll() is None:
            try:
                curve.append((time.perf_counter() - start, *look(process.pid)))
            except OSError:  # it has just ended
                break
            time.sleep(LOOK_S)
    if process.returncode:
        raise SystemExit(f"ingest ended with status {process.returncode}")
    totals = json.loads(report.read_text())["totals"]
    peaks = {"parent": 1, "workers": 2} | ({"server": 3} if url else {})
    minutes = int(curve[-1][0] // 60)
    return {
        "seconds": round(curve[-1][0], 1),
        "peak_mb": round(max(parent + workers for _, parent, workers, _ in curve)),
        "peak_mb_of": {name: round(max(row[n] for row in curve)) for name, n in peaks.items()},
        "mb_by_minute": [
            round(max(p + w for at, p, w, _ in curve if at // 60 == minute))
            for minute in range(minutes + 1)
        ],
        "pages": totals["pages"],
        "chunks": totals["chunks"],
        "states": totals["states"],
    }


def main() -> None:
    """Makes the PDF, ingests it, and saves the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--embedding", default="minilm")
    parser.add_argument("--server", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = make_pdf(folder / "long.pdf", chosen.pages)
        figures = {"pdf_mb": round(size, 1), "embedding": chosen.embedding}
        with chroma_server(folder / "server") if chosen.server else nullcontext() as url:
            figures |= ingest(folder / "long.pdf", folder, chosen.embedding, url)
    asked = f"--pages {chosen.pages}{' --server' if chosen.server else ''}"
    place = "server" if chosen.server else "embedded"
    result = f"ingest_memory_{chosen.pages}_{place}"
    save(result, f"benchmarks/ingest_memory.py {asked}", figures)


if __name__ == "__main__":
    main()
