"""Ten annual and quarterly reports at once: this application against the tutorial pipeline.

    .venv/bin/python benchmarks/ten_reports.py [--ours]

Whole processes, cold, one after the other, each into an empty store and with an empty vector cache:
ours as installed, ours with the weights in full precision as the tutorial has them, and the
tutorial's. ``--ours`` leaves the last one out and saves nothing. What the parser does alone is
measured in one worker process, as ingestion starts it, by that process's own time.

Bars: a quarter of the tutorial's time, 90 % of our time inside the encoder, 40 pages parsed in a
second of one core.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from measure import DATA, ROOT, as_figures, save
from tutorial_report import ours, theirs

from ingest import load
from ingest.isolate import Worker
from ingest.limits import limits_of, options_of
from ingest.messages import Summary
from ingest.worker import Job
from rag_app.settings import load_settings

PDFS = sorted((DATA / "financebench" / "pdfs").glob("*.pdf"))
STAGES = "encoder_seconds", "pages", "chunks", "stages"


def parsed() -> dict[str, float]:
    """Pages, and the processor's seconds of one worker that reads all files, imports included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    settings, pages = load_settings(), 0
    worker = Worker(limits_of(settings))
    for pdf in PDFS:
        worker.ask(Job(pdf, options_of(settings), load.FORMATS))
        while not isinstance(message := worker.answer(), Summary):
            pass
        pages += message.pages
        worker.done()
    worker.stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "pages": pages,
        "processor_seconds": round(seconds, 2),
        "pages_per_second": round(pages / seconds, 1),
    }


def main(*, ours_alone: bool) -> None:
    """Runs each once and saves times and ratios."""
    if not PDFS:
        sys.exit(f"{DATA} has no financebench: this benchmark needs the shared test data.")
    figures: dict[str, object] = {"parsing": parsed()}
    print(figures, file=sys.stderr)
    seconds = {}
    for precision in ("int8", "float32"):
        finished, totals = ours(PDFS, precision)
        seconds[precision] = finished.seconds
        figures[f"ours_{precision}"] = as_figures(finished) | {
            "encoder_share": round(totals["encoder_seconds"] / finished.seconds, 3),
            **{name: totals[name] for name in STAGES},
        }
        print(figures, file=sys.stderr)
    if ours_alone:
        return
    tutorial = theirs(PDFS)
    figures["tutorial"] = as_figures(tutorial)
    for precision, of_ours in seconds.items():
        figures[f"times_as_fast_{precision}"] = round(tutorial.seconds / of_ours, 2)
    save("ten_reports", f"python {Path(__file__).relative_to(ROOT)}", figures)


if __name__ == "__main__":
    main(ours_alone="--ours" in sys.argv[1:])
