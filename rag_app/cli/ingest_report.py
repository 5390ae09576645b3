"""What ``ingest`` says at its end: a table of states, and each file that is not in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag_app.cli.output import counted, say, shown_path
from rag_app.types.kinds import LANGUAGES

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


MANY_UNKNOWN = 0.2
"""Share of unknown words from which on the user is told."""


def say_report(report: IngestReport, *, quiet: bool) -> None:
    """Says on standard error what became of the files.

    Args:
        report: What became of them.
        quiet: Say only what failed or was cut off.
    """
    told = ("failed",) if quiet else ("skipped", "failed")
    unknown = _of_unknown_type(report)
    for outcome in report.outcomes:
        if outcome.state in told and outcome.path not in unknown:
            say(f"{outcome.state}: {shown_path(outcome.path)}: {outcome.reason}")
    if unknown and not quiet:
        _say_left_out(unknown)
    truncated = sum(outcome.truncated_chunks for outcome in report.stored)
    if truncated:
        say(
            f"{counted(truncated, 'passage')} longer than the embedding model reads; what stands "
            "at the end is found by keywords only. Build a new collection with a smaller "
            "--chunk-tokens."
        )
    _say_unknown(report)
    for line in (*report.notices, *(f"problem: {problem}" for problem in report.problems)):
        say(line)
    if quiet:
        return
    if not report.outcomes and not report.interrupted:
        say("No files there. Names that begin with a dot are left out unless they are given.")
    for state, number in report.states.items():
        say(f"{number:>7}  {state:<10} {MEANINGS[state]}")
    passages = sum(outcome.chunks for outcome in report.stored)
    pages = sum(outcome.pages for outcome in report.stored)
    _say_recognised(report)
    if report.rehearsed:
        say(
            f"{counted(len(report.outcomes), 'file')} and {counted(pages, 'page')} read in "
            f"{report.seconds:.1f} s. This is what would happen; nothing was stored."
        )
        return
    say(
        f"{counted(len(report.outcomes), 'file')}, {counted(pages, 'page')} and "
        f"{counted(passages, 'passage')} read into '{report.collection}' in {report.seconds:.1f} s."
    )


def _say_recognised(report: IngestReport) -> None:
    """Pages whose text was not in the file, and files of which pages are missing."""
    for outcome in report.stored:
        if outcome.reason and outcome.stages:  # read in this run
            say(f"incomplete: {shown_path(outcome.path)}: {outcome.reason}")
    if recognised := sum(outcome.ocr_pages for outcome in report.stored):
        say(f"The text of {counted(recognised, 'page')} was recognised on images (OCR).")
    if len(report.languages) > 1:
        parts = (
            f"{number} in {LANGUAGES[code].capitalize()}"
            for code, number in report.languages.items()
        )
        say(f"Languages: {', '.join(parts)}.")


def _say_unknown(report: IngestReport) -> None:
    """Words that a model with a vocabulary has no vector for, where they are many."""
    share, blank = report.unknown_words, report.blank_chunks
    if share is not None and share > MANY_UNKNOWN:
        say(
            f"The embedding model does not know {share:.0%} of the words; texts are compared by "
            "the others only. `rag models` lists models that read any text."
        )
    if blank:
        say(
            f"{counted(blank, 'passage')} without any word that the embedding model knows, found "
            "by keywords only."
        )


def _of_unknown_type(report: IngestReport) -> list[str]:
    """Files that no loader reads: folders are full of them, and nothing is wrong with them."""
    from ingest.kept import is_of_unknown_type

    return [outcome.path for outcome in report.outcomes if is_of_unknown_type(outcome)]


def _say_left_out(paths: Sequence[str]) -> None:
    """One line for all of them, so that the reasons that need a look are not lost among them."""
    from ingest.load import listed_suffixes

    kinds = Counter(Path(path).suffix.lower() or "without an ending" for path in paths)
    listed = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common(8))
    what = shown_path(paths[0]) if len(paths) == 1 else f"{len(paths)} files ({listed})"
    say(f"left out: {what}; the types that are read: {listed_suffixes()}")
