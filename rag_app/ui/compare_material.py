"""The questions of a comparison as the page gets them: saved, from a file, or newly made."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_app.errors import UsageError
from rag_app.settings import Settings
from rag_app.store import Collection
from rag_app.ui import wording
from rag_app.ui.compare_setup import Draft, QuestionFile, Wanted
from rag_app.ui.upload_files import safe_name
from rag_app.ui.work import Work

if TYPE_CHECKING:
    from rag_app.evaluation import Material, Passages
    from rag_app.evaluation.question_files import ReadQuestions

EXTRACTIVE = "extractive"


def make_draft(collection: Collection, settings: Settings, wanted: Wanted) -> Draft:
    """Begins to read or make questions that are to be looked at first."""

    def make(work: Work[Material]) -> Material:
        material, problems = prepare(collection, settings, wanted, work)
        draft.problems = problems
        return material

    draft = Draft(wanted, Work(make))
    draft.work.start()
    return draft


def prepare(
    collection: Collection, settings: Settings, wanted: Wanted, work: Work[Any]
) -> tuple[Material, list[str]]:
    """Reads or makes the questions; also gives what is wrong with the reader's file, by line.

    Raises:
        RagError: A file cannot be used, or the language model does not answer.
    """
    from rag_app.evaluation import Choice, gather

    if wanted.source == "file":
        return _of_file(collection, wanted)
    material = gather(
        collection,
        settings if wanted.source == "llm" else settings.override(llm=EXTRACTIVE),
        Choice(sample=wanted.count or None, new=wanted.source != "saved"),
        progress=work.note,
        cancelled=lambda: work.cancelled,
    )
    return replace(material, question_set=_told(material, wanted, settings)), []


def kept_of(draft: Draft) -> Material | None:
    """The material of a draft without the questions that were dropped; None until it is there."""
    material = draft.work.result
    if material is None:
        return None
    left = [one for one in material.questions if one.question not in draft.dropped]
    if len(left) == len(material.questions):
        return material
    if not left:
        raise UsageError("All questions were left out. Keep at least one.")
    told = f"{material.question_set}, {len(left)} of them kept"
    return replace(material, questions=left, question_set=told)


def _of_file(collection: Collection, wanted: Wanted) -> tuple[Material, list[str]]:
    from rag_app.evaluation import Material, read_passages

    if wanted.file is None:
        raise UsageError(
            "There is no file with questions yet. Give one, or choose other questions."
        )
    passages = read_passages(collection)
    read = _read(wanted.file, passages)
    told = f"{wording.count(len(read.questions), 'question')} of {wanted.file.name}"
    problems = list(read.problems)
    if read.unanswerable:
        problems.append(
            f"{read.unanswerable} more have no document, page or text: nothing can be found for "
            "them, so they are left out."
        )
    return Material(collection, passages, read.questions, told), problems


def _read(file: QuestionFile, passages: Passages) -> ReadQuestions:
    """Reads an upload; messages name it as the reader does."""
    from rag_app.evaluation import read_questions

    with tempfile.TemporaryDirectory(prefix="rag-questions-") as folder:
        path = Path(folder) / safe_name(file.name)
        path.write_bytes(file.data)
        try:
            return read_questions(path, passages)
        except UsageError as error:
            raise UsageError(str(error).replace(f"{folder}{os.sep}", "")) from error


def _told(material: Material, wanted: Wanted, settings: Settings) -> str:
    number = wording.count(len(material.questions), "question")
    if wanted.source == "saved":
        return f"{number} of the saved set"
    maker = settings.llm if wanted.source == "llm" else "rules"
    return f"{number} made from the documents by {maker}"
