"""Names of archive members: in the right encoding, never out of the archive, no two the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_LONGEST = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_MIXED = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")
_DRIVE = re.compile(r"[A-Za-z]:")
_RESOURCE_FORKS = "__MACOSX"
_OUTSIDE = "has a name that leads out of the archive, which no honest archive has. It was not read."
_TOO_LONG = "has a name that is too long. Unpack the archive and ingest the file."


def right_encoding(names: Sequence[bytes], otherwise: str) -> str:
    """The encoding of names that do not say theirs.

    Args:
        names: Their bytes; looked at together, for one alone is too short to tell.
        otherwise: The encoding to take where nothing is to be found out.
    """
    joined = b"\n".join(name for name in names if not name.isascii())
    if not joined:
        return otherwise
    try:
        joined.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(joined) or otherwise
    return "utf-8"


def _guessed(joined: bytes) -> str | None:
    """Only scripts that Western encodings would turn to nonsense, and only whole words of them."""
    for encoding in ("cp932", "cp866", "cp1251", "gb18030"):
        try:
            text = joined.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _MIXED.search(text) and all(map(_plausible, text)):
            return encoding
    return None


def _plausible(char: str) -> bool:
    """Kana, Chinese characters, full-width forms; Cyrillic letters."""
    return (
        char.isascii()
        or "\u3000" <= char <= "\u30ff"
        or "\u4e00" <= char <= "\u9fff"
        or "\uff01" <= char <= "\uff5e"
        or "\u0410" <= char <= "\u044f"
        or char in "ёЁ№"
    )


@dataclass(frozen=True, slots=True)
class Name:
    """A name that can stand behind an archive's.

    Attributes:
        name: With slashes, without empty parts.
        hidden: Whether it, or a folder that it is in, is left out as hidden files are.
        fault: What is wrong with it as it stood; empty if nothing is.
    """

    name: str
    hidden: bool = False
    fault: str = ""


class Names:
    """The names of one archive."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._times: dict[str, int] = {}

    def entry(self, raw: str) -> Name:
        """Takes up a name; one that comes again gets a number, so that nothing is passed over."""
        parts = [part for part in _CONTROL.sub("_", raw).split("/") if part not in ("", ".")]
        inside = [part for part in parts if part != ".."]
        leads_out = raw.startswith("/") or len(inside) < len(parts) or _DRIVE.match(raw) is not None
        fault = _OUTSIDE if leads_out else ""
        hidden = any(part.startswith(".") or part == _RESOURCE_FORKS for part in inside)
        name = "/".join(inside) or "_"
        if len(name) > _LONGEST:
            name, fault = name[:_LONGEST], fault or _TOO_LONG
        return Name(self._distinct(name), hidden, fault)

    def _distinct(self, name: str) -> str:
        path, chosen = PurePosixPath(name), name
        while chosen in self._taken:
            number = self._times[name] = self._times.get(name, 1) + 1
            chosen = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
        self._taken.add(chosen)
        return chosen
