"""The user's own questions, as ``rag eval questions`` asks them.

A question file (question_files.py) whose lines may also have ``answer``, words that the answer must
contain, and ``answerable``. Without the latter, a line that names no document, text or answer is a
question that the documents do not answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rag_app.errors import UsageError
from rag_app.evaluation.document_names import DocumentNames
from rag_app.evaluation.question_files import cell, page_of, read_rows
from rag_app.types import DocumentRecord

_YES, _NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


@dataclass(frozen=True, slots=True)
class OwnQuestion:
    """A line of the file.

    Attributes:
        line: Its number.
        question: In any words.
        document: As the line names it; empty where it names none.
        document_id: The document of the collection.
        page: Of the document.
        text: Words of the passage that should be found.
        answer: Words that the answer must contain.
        answerable: Whether the documents answer it.
    """

    line: int
    question: str
    document: str = ""
    document_id: str | None = None
    page: int | None = None
    text: str = ""
    answer: str = ""
    answerable: bool = True


@dataclass(frozen=True, slots=True)
class OwnQuestions:
    """What a file holds.

    Attributes:
        path: The file.
        questions: In its order.
        problems: A sentence with the line's number for each that cannot be asked.
    """

    path: Path
    questions: tuple[OwnQuestion, ...]
    problems: tuple[str, ...]


def read_own_questions(path: Path, documents: Iterable[DocumentRecord]) -> OwnQuestions:
    """Reads a file for a collection.

    Args:
        path: CSV or JSON lines.
        documents: Of the collection; a line that names another is a problem.

    Raises:
        UsageError: The file is not there, is no text, has no column ``question``, or there is
            nothing to ask in it.
    """
    names = DocumentNames(documents)
    questions: list[OwnQuestion] = []
    problems: list[str] = []
    for number, row in read_rows(path):
        try:
            questions.append(_question(number, row, names))
        except ValueError as problem:
            problems.append(f"{path.name}, line {number}: {problem}")
    if not questions:
        why = f" The first problem: {problems[0]}" if problems else ""
        raise UsageError(f"There is no question in {path} that can be asked.{why}")
    return OwnQuestions(path, tuple(questions), tuple(problems))


def _question(number: int, row: Mapping[str, object], names: DocumentNames) -> OwnQuestion:
    question, document, text, answer = (
        cell(row, name) for name in ("question", "document", "text", "answer")
    )
    if not any(map(str.isalnum, question)):
        raise ValueError("there is no question in it.")
    page = page_of(row)
    if page is not None and not document:
        raise ValueError("it has a page, but no document.")
    return OwnQuestion(
        number,
        question,
        document,
        names.find(document) if document else None,
        page,
        text,
        answer,
        _answerable(cell(row, "answerable"), default=bool(document or text or answer)),
    )


def _answerable(given: str, *, default: bool) -> bool:
    word = given.casefold()
    if word and word not in _YES | _NO:
        raise ValueError(f"'{given}' under answerable is neither true nor false.")
    return word in _YES if word else default
