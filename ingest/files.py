"""From the paths that a user gives to the files that they mean."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.ignored import Ignored
from ingest.load import explain
from ingest.load.members import leads_to_file
from rag_app.types import FileOutcome


class Roots:
    """Absolute paths and patterns; asked about many paths, each in a time that is not theirs."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._paths: set[str] = set()
        self._patterns: list[str] = []
        for path in paths:
            self.add(path)

    def add(self, path: str) -> None:
        """Takes up a path or a pattern."""
        self._paths.add(path)
        if glob.has_magic(path):
            self._patterns.append(path.replace("**/", "*"))

    def cover(self, path: str) -> bool:
        """Whether a path is one of them, lies below one, or fits a pattern."""
        return any(one in self._paths for one in with_folders(path)) or self.fit(path)

    def fit(self, path: str) -> bool:
        """Whether a path fits a pattern among them."""
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self._patterns)


def with_folders(path: str) -> Iterator[str]:
    """A path and all folders above it."""
    while True:
        yield path
        above = os.path.dirname(path)  # noqa: PTH120 - for each of a hundred thousand paths
        if above == path:
            return
        path = above


@dataclass(slots=True)
class Selection:
    """The files that some paths mean.

    Attributes:
        files: Absolute paths, each once, in the order of the paths given, folders sorted.
        missing: Given paths that are not there.
        failed: What could not even be listed.
        roots: The given paths, absolute; what lies below them is the user's concern.
        opened: Archives that were looked through to their end, and the paths of all in them.
    """

    files: list[Path] = field(default_factory=list)
    missing: list[Path] = field(default_factory=list)
    failed: list[FileOutcome] = field(default_factory=list)
    roots: Roots = field(default_factory=Roots)
    opened: dict[str, frozenset[str]] = field(default_factory=dict)


def select(paths: Iterable[str | Path]) -> Selection:
    """Expands files, folders and patterns (``*``, ``?``, ``[]``, ``**``).

    Hidden files and folders (a leading dot), and what a folder's ``.ragignore`` names, are left out
    unless they are given themselves; links are followed, each folder once.
    """
    selection = Selection()
    seen: dict[Path, None] = {}
    for given in paths:
        root = Path(os.path.abspath(Path(given).expanduser()))  # noqa: PTH100 - keeps links
        selection.roots.add(str(root))
        for path in _meant(root, selection):
            if _storable(path, selection):
                seen.setdefault(path)
    selection.files = list(seen)
    selection.missing = list(dict.fromkeys(selection.missing))
    # A path that is given twice has one outcome.
    selection.failed = list({outcome.path: outcome for outcome in selection.failed}.values())
    return selection


def _meant(root: Path, selection: Selection) -> Iterator[Path]:
    if not os.path.lexists(root) and glob.has_magic(str(root)):
        matches = _matches(root)
        if not matches:
            selection.missing.append(root)
        for match in matches:
            yield from _below(match, selection)
    elif leads_to_file(root):
        yield from _below(root, selection)
    else:
        selection.missing.append(root)


def _matches(pattern: Path) -> list[Path]:
    """What fits a pattern, sorted; ``**`` does not follow links, so it cannot run in circles."""
    fixed = 1
    while not glob.has_magic(pattern.parts[fixed]):
        fixed += 1
    base, rest = Path(*pattern.parts[:fixed]), pattern.parts[fixed:]
    dotted = any(part.startswith(".") for part in rest)
    try:
        found = sorted(base.glob(os.path.join(*rest)))  # noqa: PTH118 - a pattern, not a path
    except (ValueError, OSError):  # no pattern, or no folder to look in
        return []
    return [path for path in found if dotted or _is_visible(path.relative_to(base))]


def _is_visible(path: Path) -> bool:
    return not any(part.startswith(".") for part in path.parts)


def _below(path: Path, selection: Selection) -> Iterator[Path]:
    if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a folder is not readable
        yield path
        return
    visited: set[tuple[int, int]] = set()
    ignored = Ignored()

    def note(error: OSError) -> None:
        folder = Path(error.filename or path)
        selection.failed.append(FileOutcome(str(folder), "failed", explain(folder, error)))

    for folder, folders, names in os.walk(path, followlinks=True, onerror=note):
        try:
            status = Path(folder).stat()
        except OSError as error:  # it has just been removed
            note(error)
            continue
        identity = (status.st_dev, status.st_ino)
        if identity in visited:  # a link back to a folder above
            folders.clear()
            continue
        visited.add(identity)
        if wrong := ignored.enter(Path(folder), names):
            selection.failed.append(wrong)
        folders[:] = sorted(_visible(ignored.kept(Path(folder), folders, folders=True)))
        kept = ignored.kept(Path(folder), names, folders=False)
        yield from (Path(folder) / name for name in sorted(_visible(kept)))


def _visible(names: Sequence[str]) -> Iterator[str]:
    return (name for name in names if not name.startswith("."))


def _storable(path: Path, selection: Selection) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        reason = f"The file name {shown} is not valid UTF-8. Rename the file."
        selection.failed.append(FileOutcome(shown, "failed", reason))
        return False
    return True
