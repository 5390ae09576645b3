"""Test sets in the BEIR layout (Thakur et al., NeurIPS 2021): documents, questions, judgements.

A folder with ``corpus.jsonl`` (``_id``, ``title``, ``text``), ``queries.jsonl`` (``_id``, ``text``)
and ``qrels/SPLIT.tsv`` (question, document and grade, with a head line).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rag_app.errors import UsageError

Grades = Mapping[str, Mapping[str, int]]
"""Question → document → how relevant; 0 for a document that was judged not to be."""

_CORPUS, _QUERIES, _QRELS = "corpus.jsonl", "queries.jsonl", "qrels"


@dataclass(frozen=True, slots=True)
class BeirDocument:
    """A document of a set.

    Attributes:
        id: As the judgements name it.
        title: Empty where it has none.
        text: Without the title.
    """

    id: str
    title: str
    text: str

    @property
    def whole(self) -> str:
        """Title and text with a space between them, as the sets define a document."""
        return f"{self.title} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class BeirSet:
    """A test set.

    Attributes:
        name: Of its folder.
        split: Which judgements: ``test``, ``dev`` or ``train``.
        documents: By id, in the order of the file.
        questions: Those that have judgements, by id.
        grades: The judgements.
        digest: SHA-256 of the corpus file.
    """

    name: str
    split: str
    documents: Mapping[str, BeirDocument]
    questions: Mapping[str, str]
    grades: Grades
    digest: str


def read_beir(folder: Path, split: str = "test") -> BeirSet:
    """Reads a set, and checks that its three files fit together.

    Args:
        folder: In the BEIR layout.
        split: Name of the file of judgements.

    Raises:
        UsageError: A file is missing, cannot be read or is broken, the judgements name documents
            or questions that are not there, or there is nothing to measure.
    """
    _check_files(folder, split)
    documents = {
        id_: BeirDocument(id_, _string(row.get("title")), text)
        for id_, text, row in _rows(folder / _CORPUS)
    }
    texts = {id_: text for id_, text, _ in _rows(folder / _QUERIES)}
    path = folder / _QRELS / f"{split}.tsv"
    grades = _grades(path)
    asked = {id_ for id_ in grades if id_ not in texts}
    judged = {id_ for row in grades.values() for id_ in row if id_ not in documents}
    for unknown, what, file in ((asked, "question", _QUERIES), (judged, "document", _CORPUS)):
        if unknown:
            raise UsageError(
                f"{path} names {len(unknown):,} {what}{'s' * (len(unknown) > 1)} that "
                f"{'are' if len(unknown) > 1 else 'is'} not in {file}, such as "
                f"'{min(unknown)}'. Take the files of one version of the set."
            )
    with (folder / _CORPUS).open("rb") as corpus:
        digest = hashlib.file_digest(corpus, "sha256").hexdigest()
    questions = {id_: texts[id_] for id_ in grades}
    return BeirSet(folder.resolve().name, split, documents, questions, grades, digest)


def _check_files(folder: Path, split: str) -> None:
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}. Name one with a set in the BEIR layout.")
    for name in (_CORPUS, _QUERIES):
        if not (folder / name).is_file():
            raise UsageError(
                f"{folder} has no file {name}. A set in the BEIR layout has {_CORPUS}, {_QUERIES} "
                f"and {_QRELS}/test.tsv."
            )
    if not (folder / _QRELS / f"{split}.tsv").is_file():
        there = sorted(path.stem for path in (folder / _QRELS).glob("*.tsv"))
        hint = f"--split takes {' or '.join(there)}." if there else f"{_QRELS} holds no .tsv file."
        raise UsageError(f"{folder} has no judgements {_QRELS}/{split}.tsv; {hint}")


def _rows(path: Path) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """Id, text and the whole object of each line."""
    seen: set[str] = set()
    for number, line in _lines(path):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UsageError(
                f"Line {number} of {path} is no JSON ({error}). Correct it, or fetch the file anew."
            ) from error
        id_ = _string(row.get("_id")) if isinstance(row, dict) else ""
        if not id_ or not isinstance(row.get("text"), str):
            raise UsageError(
                f"Line {number} of {path} has no '_id' or no 'text'. Each line is an object such "
                'as {"_id": "1", "text": "…"}.'
            )
        if id_ in seen:
            raise UsageError(f"Line {number} of {path} has the _id '{id_}' a second time.")
        seen.add(id_)
        yield id_, _string(row["text"]), row
    if not seen:
        raise UsageError(f"{path} is empty: there is nothing to measure.")


def _grades(path: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        cells = [cell.strip() for cell in line.split("\t")]
        try:
            question, document, grade = cells[0], cells[1], int(cells[2])
        except (IndexError, ValueError) as error:
            if number == 1 and len(cells) == 3:  # the head line
                continue
            raise UsageError(
                f"Line {number} of {path} is no judgement. Each line has the question's id, the "
                "document's id and a whole number, with tabs between them."
            ) from error
        grades.setdefault(question, {})[document] = grade
    if not any(grade > 0 for row in grades.values() for grade in row.values()):
        raise UsageError(f"{path} judges no document relevant: there is nothing to measure.")
    return grades


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if text := line.rstrip("\r\n"):
                    yield number, text
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as text in UTF-8 ({error}).") from error


def _string(value: object) -> str:
    """As text that can be stored: JSON may hold half a character."""
    return "" if value is None else str(value).encode("utf-8", "replace").decode().strip()
