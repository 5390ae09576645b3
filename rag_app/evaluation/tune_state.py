"""What a tuning that was interrupted left: its plan, the score before, and a checkpoint."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from rag_app.errors import EmbeddingError, StoreBusyError
from rag_app.evaluation.measures import Values
from rag_app.evaluation.tune_pairs import Pair, Split
from rag_app.evaluation.tune_train import Recipe
from rag_app.settings import Settings
from rag_app.types import EmbeddingIdentity
from rag_app.whole_files import write_whole

FOLDER = ".tuning"
PLAN = "plan.json"


class TuneState:
    """The folder of one tuning, ``models/.tuning/NAME``; made by ``open_state``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._plan = folder / PLAN
        self.checkpoint = folder / "checkpoint.pt"
        self.questions = folder / "questions.jsonl"
        """Those that a language model has made: it would make others the next time."""

    def begin(self, digest: str) -> bool:
        """Keeps what belongs to this plan and drops what belongs to another.

        Returns:
            Whether something of another plan was dropped.
        """
        known = self._read()
        if known.get("digest") == digest:
            return False
        self.checkpoint.unlink(missing_ok=True)
        self._write({"digest": digest})
        return bool(known)

    @property
    def before(self) -> Values | None:
        """The base model's value for each held-out question, if it was measured."""
        values = self._read().get("before")
        return np.asarray(values, np.float64) if isinstance(values, list) else None

    def keep_before(self, values: Values) -> None:
        """Saves the base model's values."""
        self._write(self._read() | {"before": values.tolist()})

    def drop(self) -> None:
        """Removes everything: the tuning is done."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self) -> dict[str, object]:
        try:
            plan = json.loads(self._plan.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return plan if isinstance(plan, dict) else {}

    def _write(self, plan: dict[str, object]) -> None:
        write_whole(self._plan, json.dumps(plan))


def is_begun(settings: Settings, name: str) -> bool:
    """Whether an interrupted tuning has left something to go on from."""
    return (_folder_of(settings, name) / PLAN).is_file()


def begun_tunings(settings: Settings) -> dict[str, Path]:
    """The interrupted tunings: the name of what they were to make, and the folder of each."""
    plans = sorted((settings.home / "models" / FOLDER).glob(f"*/{PLAN}"))
    return {plan.parent.name: plan.parent for plan in plans}


@contextmanager
def open_state(settings: Settings, name: str) -> Iterator[TuneState]:
    """Opens the state of the tuning that is to make ``name``; one process at a time.

    Raises:
        StoreBusyError: A model of this name is being tuned.
        EmbeddingError: The folder cannot be written.
    """
    folder = _folder_of(settings, name)
    lock = FileLock(folder.with_name(f"{name}.lock"), timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise StoreBusyError(
            f"A model '{name}' is being tuned just now. Wait until that is done, or choose "
            "another name."
        ) from error
    except OSError as error:
        raise EmbeddingError(
            f"The folder {folder} cannot be written ({error.strerror or error}). Free space or "
            "permit writing, or set RAG_HOME to another folder."
        ) from error
    try:
        yield TuneState(folder)
    finally:
        lock.release()


def _folder_of(settings: Settings, name: str) -> Path:
    return settings.home / "models" / FOLDER / name


def digest_of(
    identity: EmbeddingIdentity, split: Split, steps: Sequence[Sequence[Pair]], recipe: Recipe
) -> str:
    """Of everything that a tuning follows from; another digest cannot be gone on with."""
    parts = [
        asdict(identity),
        asdict(recipe),
        [[(pair.question, pair.passage) for pair in batch] for batch in steps],
        [(one.question, one.targets) for one in split.held_out],
        [passage.id for passage in split.candidates.all],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
