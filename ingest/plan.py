"""What is to be done with each file: contents are compared, not names or dates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from glob import has_magic
from pathlib import Path
from typing import TypeVar

from ingest.files import Roots, Selection, with_folders
from ingest.load import LoadOptions, digest_file, format_of
from ingest.load.members import leads_to_file
from rag_app.errors import DocumentError, DocumentSkippedError
from rag_app.types import DocumentRecord, FileOutcome, FileState, Metadata
from rag_app.types.archives import is_web_address

_TOGETHER = 256
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Task:
    """A content to be parsed, embedded and stored, and the files that hold it.

    Attributes:
        document_id: SHA-256 of the content.
        paths: The files.
        metadata: What the user says of them.
    """

    document_id: str
    paths: tuple[Path, ...]
    metadata: Metadata = ()


@dataclass(slots=True)
class Plan:
    """What is to be done.

    Attributes:
        settled: Outcomes that nothing needs to be done for.
        points: Files whose content is stored under another path: path and document id.
        tasks: Contents that are new.
        gone: Stored paths to be forgotten.
        said: Stored documents of which something else is said now: all of it, by id.
    """

    settled: list[FileOutcome] = field(default_factory=list)
    points: list[tuple[str, str]] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    said: dict[str, Metadata] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether the collection stays as it is."""
        return not (self.points or self.tasks or self.gone or self.said)


def outcome_of_error(path: Path | str, error: DocumentError, document_id: str = "") -> FileOutcome:
    """The outcome of a file that cannot be ingested."""
    state = "skipped" if isinstance(error, DocumentSkippedError) else "failed"
    return FileOutcome(str(path), state, str(error), document_id)  # type: ignore[arg-type]


def fingerprints(
    files: Iterable[Path], options: LoadOptions, cancelled: Callable[[], bool]
) -> tuple[dict[Path, str], list[FileOutcome]]:
    """SHA-256 of each file's content, and the outcomes of files that cannot be read."""
    digests: dict[Path, str] = {}
    refused: list[FileOutcome] = []
    for path in files:
        if cancelled():
            break
        try:
            format_of(path)
            digests[path] = digest_file(path, options)
        except DocumentError as error:
            refused.append(outcome_of_error(path, error))
    return digests, refused


def make_plan(
    selection: Selection,
    digests: Mapping[Path, str],
    known: Mapping[str, str],
    records: Mapping[str, DocumentRecord],
    *,
    sync: bool,
    force: bool = False,
) -> Plan:
    """Compares the files with what is stored.

    Args:
        selection: The files.
        digests: Content of each that can be read.
        known: Stored paths and the ids of their documents.
        records: Stored documents by id.
        sync: Whether stored paths that are gone are to be forgotten.
        force: Whether stored contents are to be parsed and embedded again.
    """
    plan = Plan()
    new: dict[str, list[Path]] = {}
    for path, document_id in digests.items():
        if document_id not in records or force:
            new.setdefault(document_id, []).append(path)
        elif known.get(str(path)) == document_id:
            plan.settled.append(outcome_of_record(str(path), records[document_id]))
        else:
            plan.points.append((str(path), document_id))
    plan.tasks = [Task(document_id, tuple(paths)) for document_id, paths in new.items()]
    plan.gone = [path for path in known if _is_gone(path, selection, sync=sync)]
    above = {folder for path in plan.gone for folder in with_folders(path)}
    for path in selection.missing:
        if str(path) not in above and not any(map(Roots([str(path)]).fit, plan.gone)):
            plan.settled.append(FileOutcome(str(path), "failed", _missing(path)))
    return plan


def batched(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """Items in the number that one transaction takes: a Ctrl-C waits for no more."""
    for first in range(0, len(items), _TOGETHER):
        yield items[first : first + _TOGETHER]


class Duplicates:
    """Outcomes of files whose content is stored under other paths.

    Args:
        records: Stored documents by id.
    """

    def __init__(self, records: Mapping[str, DocumentRecord]) -> None:
        self._records = records
        self._reasons: dict[str, str] = {}

    def outcome(self, path: str, document_id: str) -> FileOutcome:
        """The outcome of a file that was not known to have this content."""
        record = self._records[document_id]
        if document_id not in self._reasons:  # one content may have had a thousand paths
            self._reasons[document_id] = self._reason(record)
        reason = self._reasons[document_id]
        return replace(outcome_of_record(path, record, "duplicate"), reason=reason)

    def _reason(self, record: DocumentRecord) -> str:
        if there := next(filter(_is_there, record.sources), None):
            return f"The same content as {there}."
        return f"Moved from {record.source}, which is gone (--sync forgets it)."


def _is_there(source: str) -> bool:
    return is_web_address(source) or leads_to_file(source)


def forgotten(path: str, document_id: str) -> FileOutcome:
    """The outcome of a stored file that is gone."""
    return FileOutcome(path, "forgotten", "The file is gone, and is cited no more.", document_id)


def _is_gone(path: str, selection: Selection, *, sync: bool) -> bool:
    """Whether a stored file is to be forgotten; one in an archive goes when the archive changes."""
    steps = tuple(with_folders(path)) if selection.opened else ()
    for archive in steps[1:]:
        if (members := selection.opened.get(archive)) is not None:
            # An archive in the archive that cannot be opened today keeps what it had.
            return members.isdisjoint(steps)
    return sync and selection.roots.cover(path) and not leads_to_file(path)


def _missing(path: Path) -> str:
    if has_magic(str(path)):
        return f"No file fits {path}. Check the pattern."
    return f"There is no file or folder {path}. Check the path."


def outcome_of_record(
    path: str, record: DocumentRecord, state: FileState = "unchanged"
) -> FileOutcome:
    """The outcome of a file whose content is stored, as far as the catalog tells it."""
    return FileOutcome(
        path,
        state,
        document_id=record.id,
        pages=record.pages,
        characters=record.characters,
        chunks=record.chunks,
        truncated_chunks=record.truncated_chunks,
        language=record.language,
    )
