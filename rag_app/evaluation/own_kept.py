"""The last run of each question file on a collection, and what has changed since.

Runs lie in ``settings.home/measured/COLLECTION/``, one for each file, and go with their collection
(kept.py).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rag_app.errors import RagError
from rag_app.evaluation.own_outcomes import Outcome
from rag_app.settings import Settings
from rag_app.whole_files import write_whole

_VERSION = 1


@dataclass(frozen=True, slots=True)
class KeptRun:
    """What is kept of a run.

    Attributes:
        made_at: ISO 8601.
        embedding: Spec of the model.
        llm: Spec of the answerer.
        k: Passages found for each question.
        figures: Name → value, None where no question tells.
        misses: Question → what was wrong.
        version: Of this record.
        how: Name → value of what else can make a difference: the setting, or how many passages the
            collection holds. Runs that were kept by earlier versions have none.
    """

    made_at: str
    embedding: str
    llm: str
    k: int
    figures: Mapping[str, float | None]
    misses: Mapping[str, Sequence[str]]
    version: int = _VERSION
    how: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose outcome is another than before.

    Attributes:
        question: Its words.
        fixed: What was wrong and is no longer.
        broken: What is wrong and was not.
    """

    question: str
    fixed: tuple[str, ...]
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What has changed since the last run.

    Attributes:
        since: When that was, ISO 8601.
        settings: Name → before and now, of the settings that differ, and of the number of passages.
        figures: Name → before and now, of all figures that both have.
        questions: Those with another outcome.
        new: Questions that were not asked then.
        gone: Questions that were asked only then.
    """

    since: str
    settings: Mapping[str, tuple[object, object]]
    figures: Mapping[str, tuple[float, float]]
    questions: tuple[Change, ...]
    new: int
    gone: int

    def to_json(self) -> dict[str, object]:
        """Pairs are ``[before, now]``."""
        return asdict(self)


def kept_folder(settings: Settings, collection: str) -> Path:
    """Where the runs on a collection are kept."""
    return settings.home / "measured" / collection


def kept_run(
    outcomes: Sequence[Outcome],
    figures: Mapping[str, float | None],
    embedding: str,
    llm: str,
    k: int,
    how: Mapping[str, object],
) -> KeptRun:
    """What is to be kept of a run that ends now."""
    misses: dict[str, Sequence[str]] = {}
    times: Counter[str] = Counter()
    for one in outcomes:
        # A question may stand in the file twice, with another expectation each time.
        question = one.asked.question
        times[question] += 1
        misses[f"{question} ({times[question]})" if times[question] > 1 else question] = one.misses
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return KeptRun(now, embedding, llm, k, dict(figures), misses, how=dict(how))


def keep_run(run: KeptRun, path: Path, settings: Settings, collection: str) -> None:
    """Keeps a run of the file ``path`` in place of the one before.

    Raises:
        RagError: It cannot be written.
    """
    file = _file(path, settings, collection)
    try:
        write_whole(file, json.dumps(asdict(run)))
    except OSError as error:
        raise RagError(
            f"The run could not be kept in {file.parent} ({error.strerror}), so the next one will "
            "not tell what has changed. Make room or correct the permissions of that folder."
        ) from error


def last_run(path: Path, settings: Settings, collection: str) -> KeptRun | None:
    """The last run of a file on a collection; None if there is none that can be read."""
    try:
        data = json.loads(_file(path, settings, collection).read_text(encoding="utf-8"))
        return KeptRun(**data) if data["version"] == _VERSION else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def changes_since(before: KeptRun, now: KeptRun) -> Changes:
    """What differs between two runs of a file."""
    both = [question for question in now.misses if question in before.misses]
    compared = [
        Change(
            question,
            tuple(one for one in before.misses[question] if one not in now.misses[question]),
            tuple(one for one in now.misses[question] if one not in before.misses[question]),
        )
        for question in both
    ]
    figures = {
        name: (old, new)
        for name, new in now.figures.items()
        if new is not None and (old := before.figures.get(name)) is not None
    }
    settings = {
        name: (getattr(before, name), getattr(now, name))
        for name in ("embedding", "llm", "k")
        if getattr(before, name) != getattr(now, name)
    }
    settings |= {
        name: (before.how[name], value)
        for name, value in now.how.items()
        if name in before.how and before.how[name] != value
    }
    return Changes(
        before.made_at,
        settings,
        figures,
        tuple(one for one in compared if one.fixed or one.broken),
        len(now.misses) - len(both),
        len(before.misses) - len(both),
    )


def _file(path: Path, settings: Settings, collection: str) -> Path:
    name = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return kept_folder(settings, collection) / f"{name}.json"
