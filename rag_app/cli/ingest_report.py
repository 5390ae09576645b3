"""What ``ingest`` says at its end: a table of states, and each file that is not in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_app.cli.output import counted, say, shown_path

if TYPE_CHECKING:
    from ingest import IngestReport

MEANINGS = {
    "added": "new",
    "updated": "changed; the old passages are replaced",
    "unchanged": "known already",
    "duplicate": "same content as another file; cited under both",
    "forgotten": "gone; no longer in the collection",
    "skipped": "nothing to ingest; the reasons are above",
    "failed": "the reasons are above",
}


def say_report(report: IngestReport, *, quiet: bool) -> None:
    """Says on standard error what became of the files.

    Args:
        report: What became of them.
        quiet: Say only what failed or was cut off.
    """
    told = ("failed",) if quiet else ("skipped", "failed")
    for outcome in report.outcomes:
        if outcome.state in told:
            say(f"{outcome.state}: {shown_path(outcome.path)}: {outcome.reason}")
    truncated = sum(outcome.truncated_chunks for outcome in report.stored)
    if truncated:
        say(
            f"{counted(truncated, 'passage')} longer than the embedding model reads; what stands "
            "at the end is found by keywords only. Build a new collection with a smaller "
            "--chunk-tokens."
        )
    if quiet:
        return
    for state, number in report.states.items():
        say(f"{number:>7}  {state:<10} {MEANINGS[state]}")
    passages = sum(outcome.chunks for outcome in report.stored)
    pages = sum(outcome.pages for outcome in report.stored)
    say(
        f"{counted(len(report.outcomes), 'file')}, {counted(pages, 'page')} and "
        f"{counted(passages, 'passage')} read into '{report.collection}' in {report.seconds:.1f} s."
    )
