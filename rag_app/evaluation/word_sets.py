"""Test sets of words: pairs that people rated for likeness, and analogies.

WordSim-353 (Finkelstein et al. 2002), SimLex-999 (Hill, Reichart and Korhonen 2015) and the
analogies of Mikolov et al. (2013) come with gensim. MEN (Bruni, Tran and Baroni 2014), RG-65
(Rubenstein and Goodenough 1965) and sets of one's own are read from a folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rag_app.errors import MissingExtraError, UsageError

_SHIPPED = ("wordsim353.tsv", "simlex999.txt")
ANALOGIES = "questions-words.txt"

# What a set is called in files of the same words by other names.
_NAMES = (
    ("WordSim-353", re.compile(r"ws.?353|wordsim.?353", re.IGNORECASE)),
    ("SimLex-999", re.compile(r"simlex", re.IGNORECASE)),
    ("MEN", re.compile(r"(?:^|[^a-z])men(?:[^a-z]|$)", re.IGNORECASE)),
    ("RG-65", re.compile(r"rg.?65", re.IGNORECASE)),
)
_ENDINGS = (".txt", ".tsv", ".csv")
_SEPARATORS = ("\t", ";", ",")
_LARGEST = 20_000_000


@dataclass(frozen=True, slots=True)
class WordPairs:
    """Pairs of words, each with the mean rating that people gave it.

    Attributes:
        name: Of the set.
        pairs: First word, second word, rating; a larger one for more alike.
    """

    name: str
    pairs: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class AnalogySection:
    """Questions of one kind: ``a`` is to ``b`` as ``c`` is to ``d``."""

    name: str
    questions: tuple[tuple[str, str, str, str], ...]


def word_pairs(folder: Path | None = None) -> list[WordPairs]:
    """The sets that gensim brings and those in a folder; a set that is in both is read once.

    Args:
        folder: Files of pairs: .txt, .tsv or .csv, on each line two words and a number.

    Raises:
        UsageError: The folder is not there, or no file in it holds pairs.
        MissingExtraError: gensim is not installed, and no folder is given.
    """
    files = [shipped / name for name in _SHIPPED] if (shipped := _shipped_folder()) else []
    own = _files_in(folder) if folder is not None else []
    found: dict[str, WordPairs] = {}
    for path in (*files, *own):
        name = _name_of(path)
        if name not in found and (pairs := read_pairs(path)):
            found[name] = WordPairs(name, pairs)
    if folder is not None and not any(_name_of(path) in found for path in own):
        raise UsageError(
            f"No file in {folder} holds pairs of words. One has on each line two words and a "
            "number, separated by tabs, commas or spaces, and its name ends in .txt, .tsv or .csv."
        )
    if not found:
        raise MissingExtraError("The test sets of words", "words")
    return list(found.values())


def read_pairs(path: Path) -> tuple[tuple[str, str, float], ...]:
    """The pairs of a file; lines that hold none (a heading, a remark) are left out."""
    return tuple(_pairs(path.read_text(encoding="utf-8-sig", errors="replace")))


def analogies(folder: Path | None = None) -> list[AnalogySection]:
    """The Google analogies by sections, from the folder or from gensim; empty where neither has."""
    places = [place / ANALOGIES for place in (folder, _shipped_folder()) if place is not None]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return []
    sections: list[tuple[str, list[tuple[str, str, str, str]]]] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if line.startswith(":"):
            sections.append((line[1:].strip(), []))
        elif len(words) == 4 and sections:
            sections[-1][1].append((words[0], words[1], words[2], words[3]))
    return [AnalogySection(name, tuple(questions)) for name, questions in sections if questions]


def _pairs(text: str) -> Iterator[tuple[str, str, float]]:
    for line in text.splitlines():
        separator = next((sign for sign in _SEPARATORS if line.count(sign) >= 2), None)
        cells = [cell.strip().strip('"') for cell in line.split(separator)]
        if line.startswith("#") or len(cells) != 3 or not all(cells):
            continue
        try:
            yield cells[0], cells[1], float(cells[2])
        except ValueError:  # a heading
            continue


def _files_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder. Name one with files of word pairs.")
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _ENDINGS
        and path.name != ANALOGIES
        and path.is_file()
        and path.stat().st_size <= _LARGEST
    )


def _name_of(path: Path) -> str:
    return next((name for name, pattern in _NAMES if pattern.search(path.stem)), path.stem)


def _shipped_folder() -> Path | None:
    """Where gensim keeps its test sets; it need not be imported for that."""
    spec = find_spec("gensim")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "test" / "test_data"
