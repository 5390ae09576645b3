"""What an ingestion tells: while it runs, and when it is done."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ingest.notices import language_notices
from rag_app.errors import RagError
from rag_app.types import FileOutcome


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an ingestion stands.

    Attributes:
        done: Files that have their outcome.
        total: Files in all.
        path: The file that came last.
        chunks_done: Passages embedded.
        chunks_known: Passages of the files that are parsed so far.
        seconds: Since the start.
        encoder_seconds: Of these, inside the embedding model.
        all_known: Whether ``chunks_known`` counts the passages of all files.
        parsed: Documents whose passages are all in ``chunks_known``.
        unparsed: Documents whose passages are not known yet.
    """

    done: int
    total: int
    path: str
    chunks_done: int
    chunks_known: int
    seconds: float
    encoder_seconds: float
    all_known: bool = False
    parsed: int = 0
    unparsed: int = 0

    @property
    def chunks_expected(self) -> float | None:
        """Passages in all, documents not read yet taken to hold as many each as the others.

        None as long as there is nothing to go by.
        """
        if self.all_known or not self.unparsed:
            return self.chunks_known
        return self.chunks_known * (1 + self.unparsed / self.parsed) if self.parsed else None

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1: by passages, which take the time, else by files."""
        if self.done >= self.total:
            return 1.0
        if expected := self.chunks_expected:
            return min(self.chunks_done / expected, 0.99)
        return self.done / self.total


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of every file.

    Attributes:
        outcomes: Exactly one for each file; after an interruption, for each that was finished.
        collection: Name of the collection.
        seconds: Wall time.
        encoder_seconds: Of these, inside the embedding model.
        interrupted: Whether it was stopped before its end.
        problems: Differences between catalog, keyword index and vector index found at the end.
        rehearsed: Whether it only says what would happen; nothing was stored.
    """

    outcomes: tuple[FileOutcome, ...]
    collection: str
    seconds: float
    encoder_seconds: float = 0.0
    interrupted: bool = False
    problems: tuple[str, ...] = ()
    rehearsed: bool = False

    @property
    def failed(self) -> int:
        """How many files failed."""
        return sum(1 for outcome in self.outcomes if outcome.state == "failed")

    @property
    def states(self) -> dict[str, int]:
        """How many files came to each state, in alphabetical order."""
        return dict(sorted(Counter(outcome.state for outcome in self.outcomes).items()))

    @property
    def stored(self) -> tuple[FileOutcome, ...]:
        """The files whose content was embedded and stored in this run."""
        return tuple(one for one in self.outcomes if one.state in {"added", "updated"})

    @property
    def unknown_words(self) -> float | None:
        """Share of words that the model does not know, over all stored files by their length."""
        counted = [one for one in self.stored if one.unknown_words is not None]
        characters = sum(one.characters for one in counted)
        if not characters:
            return None
        return sum((one.unknown_words or 0.0) * one.characters for one in counted) / characters

    @property
    def blank_chunks(self) -> int:
        """Passages without any word that the model knows."""
        return sum(one.blank_chunks for one in self.stored)

    @property
    def languages(self) -> dict[str, int]:
        """Stored files by language (ISO 639-1), the commonest first; unknown ones left out."""
        counts = Counter(sorted(one.language for one in self.stored if one.language))
        return dict(counts.most_common())

    @property
    def notices(self) -> tuple[str, ...]:
        """Languages of stored files that the model was not made for, a sentence for each."""
        return language_notices(self.stored)

    def _stages(self) -> dict[str, float]:
        """Seconds of each stage over all files; they overlap, so the sum may exceed the whole."""
        total: Counter[str] = Counter()
        for one in self.stored:
            total.update(one.stages)
        return {stage: round(seconds, 3) for stage, seconds in total.items()}

    def to_json(self) -> dict[str, object]:
        """The object that ``ingest --report`` writes."""
        unknown = self.unknown_words
        stored = self.stored
        return {
            "collection": self.collection,
            "interrupted": self.interrupted,
            "dry_run": self.rehearsed,
            "problems": list(self.problems),
            "notices": list(self.notices),
            "files": [outcome.to_json() for outcome in self.outcomes],
            "totals": {
                "files": len(self.outcomes),
                "states": self.states,
                "pages": sum(one.pages for one in stored),
                "empty_pages": sum(one.empty_pages for one in stored),
                "ocr_pages": sum(one.ocr_pages for one in stored),
                "characters": sum(one.characters for one in stored),
                "chunks": sum(one.chunks for one in stored),
                "truncated_chunks": sum(one.truncated_chunks for one in stored),
                "unknown_words": None if unknown is None else round(unknown, 4),
                "blank_chunks": self.blank_chunks,
                "languages": self.languages,
                "stages": self._stages(),
                "peak_mb": max((one.peak_mb or 0.0 for one in stored), default=0.0) or None,
                "seconds": round(self.seconds, 3),
                "encoder_seconds": round(self.encoder_seconds, 3),
            },
        }


def attach(error: RagError, report: IngestReport) -> None:
    """Gives an error that stopped a run the report of what was finished before."""
    error.__dict__["report"] = report


def report_of(error: RagError) -> IngestReport | None:
    """The report of the run that an error stopped, if it stopped one."""
    report = error.__dict__.get("report")
    return report if isinstance(report, IngestReport) else None
