"""What commands write: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import typer

from rag_app.errors import UsageError
from rag_app.types import nouns

# Everything that could move the cursor, recolour or retitle the terminal: text of documents and
# names of files are not to be trusted with that.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

counted = nouns.counted
"""A number with its noun: ``1 document``, ``2 documents``."""


def printable(text: str) -> str:
    """``text`` without control characters, except tabs and line ends."""
    return _CONTROL.sub("", text)


def show(text: str = "", *, end: str = "\n") -> None:
    """Writes a part of the result to standard output."""
    typer.echo(printable(text) + end, nl=False)
    sys.stdout.flush()


def say(text: str) -> None:
    """Writes a message to standard error."""
    typer.echo(printable(text), err=True)


def show_json(value: object) -> None:
    """Writes ``value`` as the only thing on standard output."""
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    text = json.dumps(value, ensure_ascii=encoding != "utf8", indent=2)
    typer.echo(text)


def show_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Writes rows in columns; numbers are right-aligned, nothing is cut off."""
    from rich.cells import cell_len

    texts = [[printable(str(cell)).replace("\n", " ") for cell in row] for row in rows]
    lines = [list(headers), *texts]
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(headers))]
    numeric = [bool(rows) and all(_is_number(row[c]) for row in rows) for c in range(len(headers))]
    for line in lines:
        cells = []
        for cell, width, right in zip(line, widths, numeric, strict=True):
            gap = " " * (width - cell_len(cell))
            cells.append(gap + cell if right else cell + gap)
        show("  ".join(cells).rstrip())


def shown_path(path: str) -> str:
    """``path`` as the user would type it here: relative to the working folder if it is below.

    On one line, whatever a file is called.
    """
    absolute, here = Path(path), Path.cwd()
    shown = str(absolute.relative_to(here)) if absolute.is_relative_to(here) else path
    return " ".join(shown.splitlines())


def when(moment: datetime) -> str:
    """A moment for people, in their own time zone."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def check_writable(path: Path, what: str) -> None:
    """Finds out before hours of work, not after them, that a file cannot be written.

    Raises:
        UsageError: It names what was to be written there.
    """
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise UsageError(
            f"The {what} cannot be written to {path} ({error.strerror}). Name another file."
        ) from error


def _is_number(cell: object) -> bool:
    return isinstance(cell, (int, float))
