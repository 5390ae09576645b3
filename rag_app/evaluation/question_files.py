"""Question files: CSV with a head line, or JSON lines.

Columns are ``question`` and where its answer stands: ``document`` (a path or file name) with or
without ``page``, or ``text`` (words of the passage). Others are ignored. A line whose place is
not found is reported with its number; a line that says that nothing answers it (no document, no
page and no text) is left out and counted.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from rag_app.errors import UsageError
from rag_app.evaluation.document_names import DocumentNames
from rag_app.evaluation.passages import Passage, Passages
from rag_app.evaluation.questions import EvalQuestion, Source, merged, with_twins
from rag_app.whole_files import write_whole

_NAMED = 3
"""Problems that are told one by one before the rest is counted."""


@dataclass(frozen=True, slots=True)
class ReadQuestions:
    """What a question file holds.

    Attributes:
        questions: Those whose passages were found.
        problems: A sentence with the line's number for each that was not.
        unanswerable: Lines that say that nothing answers them.
    """

    questions: tuple[EvalQuestion, ...]
    problems: tuple[str, ...]
    unanswerable: int

    def notices(self, path: Path) -> list[str]:
        """What to tell of it, in sentences."""
        told = [f"{path.name}, {problem}" for problem in self.problems[:_NAMED]]
        more = len(self.problems) - _NAMED
        if more > 0:
            told.append(f"{path.name}: {more} more lines point to nothing in the collection.")
        if self.unanswerable:
            told.append(
                f"{path.name}: {self.unanswerable} questions name no document, page or text; "
                "nothing can be found for them, so they are left out."
            )
        return told


def read_questions(path: Path, passages: Passages) -> ReadQuestions:
    """Reads a file and finds the passages that its questions point to.

    Raises:
        UsageError: The file is not there, is no text, has no column ``question``, or none of its
            questions points to a passage.
    """
    places = _Places(passages)
    questions: list[EvalQuestion] = []
    problems: list[str] = []
    unanswerable = 0
    for number, row in read_rows(path):
        try:
            found = places.question(row)
        except ValueError as problem:
            problems.append(f"line {number}: {problem}")
            continue
        if found is None:
            unanswerable += 1
        else:
            questions.append(found)
    if not questions:
        why = f" The first problem: {problems[0]}" if problems else ""
        raise UsageError(f"No question of {path} points to a passage of the collection.{why}")
    return ReadQuestions(tuple(merged(questions)), tuple(problems), unanswerable)


def write_questions(path: Path, questions: Iterable[EvalQuestion], passages: Passages) -> None:
    """Writes JSON lines that ``read_questions`` reads; an existing file is replaced."""
    lines = [json.dumps(one.to_json(passages), ensure_ascii=False) + "\n" for one in questions]
    write_whole(path, "".join(lines))


class _Places:
    """Finds passages by document, page and text."""

    def __init__(self, passages: Passages) -> None:
        self._passages = passages
        self._by_document: dict[str, list[Passage]] = defaultdict(list)
        for passage in passages.all:
            self._by_document[passage.document.id].append(passage)
        self._names = DocumentNames(own[0].document for own in self._by_document.values())
        self._plain = {passage.id: plain(passage.chunk.text) for passage in passages.all}

    def question(self, row: Mapping[str, object]) -> EvalQuestion | None:
        """The question of a line; None if nothing is to be found for it."""
        question, document, text = (cell(row, name) for name in ("question", "document", "text"))
        page = page_of(row)
        if not question:
            raise ValueError("there is no question in it.")
        if not document and not text:
            if page is not None:
                raise ValueError("it has a page, but no document.")
            return None
        own = self._by_document[self._names.find(document)] if document else self._passages.all
        hidden = row.get("hidden") is True and bool(text)
        found = self._below(own, text) if hidden else []
        found = found or self._found(own, page, text)
        documents = {passage.document.id for passage in found}
        return EvalQuestion(
            question,
            next(iter(documents)) if len(documents) == 1 else None,
            page if page is not None else (found[0].chunk.page if len(found) == 1 else None),
            (with_twins([passage.id for passage in found], self._passages),),
            _source(row),
            text,
            hidden=hidden,
        )

    def _below(self, own: Sequence[Passage], text: str) -> list[Passage]:
        """The passages below a heading."""
        wanted = plain(text)
        return [one for one in own if wanted in map(plain, one.chunk.headings)]

    def _found(self, own: Sequence[Passage], page: int | None, text: str) -> list[Passage]:
        on_page = [passage for passage in own if page is None or passage.chunk.page == page]
        if not on_page:
            raise ValueError(f"the document has no passage on page {page}.")
        if not text:
            return on_page
        wanted = plain(text)
        # A passage may have been cut in the middle of the text: then the longer part tells.
        found = [one for one in on_page if wanted in self._plain[one.id]] or [
            one for one in on_page if shares_half(wanted, self._plain[one.id])
        ]
        if not found:
            raise ValueError(f"no passage holds the text '{text[:40]}…'.")
        return found


def shares_half(text: str, passage: str) -> bool:
    """Whether a half of a plain text stands in a plain passage, which may end in its middle."""
    half = len(text) // 2
    return half >= 20 and (text[:half] in passage or text[half:] in passage)


def plain(text: str) -> str:
    """Lower case and single spaces: what counts is the words."""
    return " ".join(text.split()).casefold()


def cell(row: Mapping[str, object], name: str) -> str:
    """What a line has in a column; empty where it has nothing."""
    value = row.get(name)
    return "" if value is None else str(value).strip()


def page_of(row: Mapping[str, object]) -> int | None:
    """The page of a line; None where it names none.

    Raises:
        ValueError: It is no number.
    """
    text = cell(row, "page")
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"'{text}' is no page number.")
    return int(text)


def _source(row: Mapping[str, object]) -> Source:
    given = cell(row, "source")
    return cast("Source", given) if given in get_args(Source) else "user"


def read_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The lines of a file with their numbers, and their columns by name.

    Raises:
        UsageError: The file is not there, is no text, or has no column ``question``.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {path}. Correct the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read as text ({getattr(error, 'strerror', None) or error}). Give a "
            "CSV or JSONL file in UTF-8."
        ) from error
    if path.suffix.lower() == ".csv":
        yield from _csv_rows(path, text)
    else:
        yield from _json_rows(path, text)


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    head = text.partition("\n")[0]
    reader = csv.DictReader(
        text.splitlines(keepends=True), delimiter=max(",;\t", key=head.count), restval=""
    )
    columns = {name: str(name).strip().casefold() for name in reader.fieldnames or ()}
    if "question" not in columns.values():
        raise UsageError(
            f"{path} has no column 'question'. Its first line names the columns: "
            "question,document,page or question,text."
        )
    for row in reader:
        yield reader.line_num, {columns[key]: row[key] for key in columns}


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UsageError(
                f"Line {number} of {path} is no JSON ({error.msg}). Each line is an object such as "
                '{"question": "…", "document": "a.pdf", "page": 3}.'
            ) from error
        if not isinstance(row, dict):
            raise UsageError(f"Line {number} of {path} is no JSON object with a question.")
        yield number, row
