"""Which questions a comparison asks: the user's, a saved set, or new ones from the documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from rag_app.embeddings import load_embeddings, parse_spec
from rag_app.embeddings.cost import Cost, cost_of
from rag_app.embeddings.estimate import estimate_tokens
from rag_app.errors import RagError, UsageError
from rag_app.evaluation.compare import Material
from rag_app.evaluation.generate import generate_questions
from rag_app.evaluation.generate_llm import generate_by_llm
from rag_app.evaluation.passages import Passages, read_passages
from rag_app.evaluation.question_files import read_questions, write_questions
from rag_app.evaluation.questions import EvalQuestion, saved_path
from rag_app.settings import Settings
from rag_app.store import Collection
from rag_app.types.nouns import counted

QUESTIONS = 200
"""Made where the user names no number. Fewer leave wide intervals, more take time."""
EXTRACTIVE = "extractive"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a comparison is to be made on.

    Attributes:
        file: The user's own questions.
        sample: How many questions at most.
        limit: How many passages at most; those that questions point to are always kept.
        new: Make new questions although a set is saved.
        seed: Of what is drawn by lot.
    """

    file: Path | None = None
    sample: int | None = None
    limit: int | None = None
    new: bool = False
    seed: int = 0


def gather(
    collection: Collection,
    settings: Settings,
    choice: Choice | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Material:
    """Reads the passages, and reads or makes the questions.

    Args:
        collection: What models are compared on.
        settings: ``llm`` makes new questions unless it is ``extractive``: then rules do.
        choice: Which questions, and how much of everything.
        progress: Told how many questions a language model has made, and of how many.
        cancelled: Asked whether to stop making them.

    Raises:
        UsageError: The file, or the saved set, cannot be used.
        AnswerError: The language model does not answer.
    """
    choice = choice or Choice()
    passages = read_passages(collection)
    saved = saved_path(settings, collection.name)
    count, seed = choice.sample or QUESTIONS, choice.seed
    notices: list[str] = []
    if choice.file is not None or (saved.exists() and not choice.new):
        questions, notices = _read(choice.file or saved, passages, own=choice.file is not None)
        all_, questions = len(questions), _sampled(questions, choice.sample, seed)
        number = f"{all_}" if len(questions) == all_ else f"{len(questions)} of the {all_}"
        noun = "question" if all_ == 1 else "questions"
        told = f"{number} {noun} of {choice.file or f'the saved set {saved}'}"
    elif settings.llm != EXTRACTIVE:
        questions = generate_by_llm(
            passages, count, settings, seed=seed, progress=progress, cancelled=cancelled
        )
        told = f"{counted(len(questions), 'question')} that {settings.llm} made from the documents"
    else:
        questions = generate_questions(passages, count, seed)
        told = f"{counted(len(questions), 'question')} made from the documents by rules"
    if choice.limit is not None and choice.limit < len(passages.all):
        kept = [id_ for question in questions for id_ in question.chunk_ids]
        passages = passages.sample(choice.limit, kept, seed)
    return Material(collection, passages, questions, told, tuple(notices))


def save_questions(material: Material, settings: Settings, path: Path | None = None) -> Path:
    """Saves the questions: to ``path``, or as the collection's own set; returns where."""
    target = path or saved_path(settings, material.collection.name)
    write_questions(target, material.questions, material.passages)
    return target


def costs_of(specs: Sequence[str], passages: Passages, settings: Settings) -> list[Cost]:
    """What hosted models would cost at most: passages in the vector cache are free."""
    tokens = sum(estimate_tokens(passage.embedded) for passage in passages.all)
    costs = (_cost(spec, tokens, settings) for spec in dict.fromkeys(specs))
    return [cost for cost in costs if cost is not None]


def _cost(spec: str, tokens: int, settings: Settings) -> Cost | None:
    parsed = parse_spec(spec)
    if parsed.provider != "python":
        return cost_of(spec, tokens, settings)
    with suppress(RagError):  # the comparison says why it fails
        if load_embeddings(spec, settings).destination is not None:  # only the user's code knows
            return Cost(str(parsed), tokens, None)
    return None


def _read(path: Path, passages: Passages, *, own: bool) -> tuple[list[EvalQuestion], list[str]]:
    try:
        read = read_questions(path, passages)
    except UsageError as error:
        if own:
            raise
        raise UsageError(
            f"{error} Make new ones (on the page Compare, or with rag compare --new-questions)."
        ) from error
    return list(read.questions), read.notices(path)


def _sampled(questions: list[EvalQuestion], count: int | None, seed: int) -> list[EvalQuestion]:
    if count is None or count >= len(questions):
        return questions
    chosen = set(Random(seed).sample(range(len(questions)), count))  # noqa: S311 - no secret
    return [question for number, question in enumerate(questions) if number in chosen]
