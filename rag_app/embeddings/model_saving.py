"""Writing and deleting saved models, so that one is whole or not there at every moment."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from rag_app.embeddings.model_files import (
    DRAFT,
    FORMAT,
    NOTE,
    SavedModel,
    check_name,
    find_model,
    fingerprint_of,
    model_place,
)
from rag_app.embeddings.spec import ModelSpec
from rag_app.errors import EmbeddingError, UsageError
from rag_app.settings import Settings

_ABANDONED_S = 86_400


def save_model(
    spec: ModelSpec,
    name: str,
    settings: Settings,
    fill: Callable[[Path], Mapping[str, object]],
) -> SavedModel:
    """Makes a model in a draft folder and moves it to its place.

    Args:
        spec: Provider and options.
        name: Checked already.
        settings: ``home`` is where models are kept.
        fill: Writes the files into the folder it is given, and returns what ``model.json`` holds
            beside spec, options, fingerprint and date; ``dimension`` at least.

    Raises:
        EmbeddingError: The folder cannot be written.
        UsageError: Another process has made a model of this name meanwhile.
    """
    place = model_place(spec.provider, name, settings)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _sweep(place.parent)
        draft = Path(tempfile.mkdtemp(dir=place.parent, prefix=DRAFT))
    except OSError as error:
        raise _unwritable(place.parent, error) from error
    try:
        note = dict(fill(draft))
        note |= {
            "format": FORMAT,
            "spec": spec.provider,
            "options": dict(spec.options),
            "fingerprint": fingerprint_of(draft),
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        text = json.dumps(note, ensure_ascii=False, indent=1)
        (draft / NOTE).write_text(text, encoding="utf-8")
        draft.chmod(0o755)  # mkdtemp makes it private; models may be shared
        draft.rename(place)
    except OSError as error:
        if place.exists():
            raise UsageError(f"There is a model {spec.provider}:{name} already.") from error
        raise _unwritable(place.parent, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return find_model(spec.provider, name, settings)


def delete_model(provider: str, name: str, settings: Settings) -> None:
    """Deletes a saved model, damaged or not.

    Raises:
        UsageError: There is none.
        EmbeddingError: It cannot be deleted.
    """
    check_name(name)
    place = model_place(provider, name, settings)
    if not place.is_dir():
        raise UsageError(
            f"There is no saved model '{provider}:{name}'. The page Models and `rag models` list "
            "those that are there."
        )
    try:
        # Renamed first: a half-deleted folder is never found under the name.
        grave = Path(tempfile.mkdtemp(dir=place.parent, prefix=DRAFT))
        place.rename(grave / "model")
        shutil.rmtree(grave)
    except OSError as error:
        raise _unwritable(place.parent, error) from error


def _sweep(folder: Path) -> None:
    """Removes drafts that a killed process left a day ago or earlier."""
    for draft in folder.glob(f"{DRAFT}*"):
        with suppress(OSError):
            if time.time() - draft.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(draft, ignore_errors=True)


def _unwritable(folder: Path, error: OSError) -> EmbeddingError:
    return EmbeddingError(
        f"The folder {folder} cannot be written ({error.strerror or error}). Free space or permit "
        "writing, or set RAG_HOME to another folder."
    )
