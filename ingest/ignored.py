"""What a folder's ``.ragignore`` leaves out of it, written as in a ``.gitignore``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.load import explain
from rag_app.types import FileOutcome

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

NAME = ".ragignore"


class Ignored:
    """The patterns of the folders that a walk has come through.

    A pattern counts from its folder downwards. A file that the user names counts in any case: only
    what is found by walking is asked about here.
    """

    def __init__(self) -> None:
        self._specs: list[tuple[Path, GitIgnoreSpec]] = []

    def enter(self, folder: Path, names: Sequence[str]) -> FileOutcome | None:
        """Takes up the patterns of a folder.

        Args:
            folder: Where the walk has come to.
            names: The files in it.

        Returns:
            What is wrong with them; none of them counts then.
        """
        if NAME not in names:
            return None
        from pathspec import GitIgnoreSpec

        path = folder / NAME
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            return FileOutcome(str(path), "failed", explain(path, error))
        except UnicodeDecodeError:
            return FileOutcome(str(path), "failed", f"{NAME} is not UTF-8 text. Save it as UTF-8.")
        try:
            self._specs.append((folder, GitIgnoreSpec.from_lines(lines)))
        except ValueError as error:
            reason = f"{NAME} has a pattern that is none ({error}). Write it as in a .gitignore."
            return FileOutcome(str(path), "failed", reason)
        return None

    def kept(self, folder: Path, names: Sequence[str], *, folders: bool) -> list[str]:
        """Those of some names that are not left out.

        Args:
            folder: Where they are.
            names: Of files, or of folders.
            folders: Which of the two.
        """
        above = [one for one in self._specs if folder.is_relative_to(one[0])]
        slash = "/" if folders else ""

        def left_out(name: str) -> bool:
            return any(
                spec.match_file(f"{(folder / name).relative_to(root).as_posix()}{slash}")
                for root, spec in above
            )

        return [name for name in names if not left_out(name)]
