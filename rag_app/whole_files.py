"""Files that are replaced whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Writes UTF-8 text in place of what was there; a killed process leaves the old file.

    Lone surrogates, as in file names that are no UTF-8, are written as escapes.

    Args:
        path: The file; its folder is made if it is not there.
        text: All of its content.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")  # two processes, two drafts
    try:
        draft.write_text(text, encoding="utf-8", errors="backslashreplace")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)  # of a full disk
