"""The folders of saved models: whole or not there, checked when they are opened.

Any family that keeps a model of its own uses them: fitted, trained, distilled or tuned ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rag_app.embeddings.spec import ModelSpec
from rag_app.errors import EmbeddingError, UsageError
from rag_app.settings import Settings, check_collection_name
from rag_app.types import EmbeddingIdentity

NOTE = "model.json"
FORMAT = 1
"""Raised when the files of saved models change their meaning."""
DRAFT = ".draft-"
_FILES = (".bin", ".gz", ".kv", ".npy", ".txt", ".vec")


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A saved model.

    Attributes:
        spec: How to name it: ``provider:name``.
        folder: Where its files lie.
        options: What it was fitted with.
        fingerprint: SHA-256 of its files.
        dimension: Length of a vector.
        about: What it was fitted on, in a few words.
        texts: How many texts that were.
        words: How many words they had.
        vocabulary: How many words it knows.
        created_at: When it was made (UTC).
        note: All of ``model.json``.
    """

    spec: str
    folder: Path
    options: Mapping[str, str]
    fingerprint: str
    dimension: int
    about: str
    texts: int
    words: int
    vocabulary: int
    created_at: datetime
    note: Mapping[str, Any]

    @property
    def disk_bytes(self) -> int:
        """Size of its files."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def identity(self, max_tokens: int) -> EmbeddingIdentity:
        """What identifies its vectors, which have length 1."""
        return EmbeddingIdentity(self.spec, self.fingerprint, self.dimension, max_tokens)


def check_name(name: str) -> None:
    """Checks that ``name`` can be that of a saved model.

    Raises:
        UsageError: It is none; what looks like a file is read as one in a spec.
    """
    try:
        check_collection_name(name)
    except ValueError:
        raise UsageError(
            f"'{name}' cannot name a model: a name has 1 to 60 letters, digits, dots, dashes and "
            "underscores."
        ) from None
    if name.startswith(".") or looks_like_file(name):
        raise UsageError(f"'{name}' would be read as a file. Choose a name without that ending.")


def looks_like_file(model: str) -> bool:
    """Whether the model part of a spec is a path and not the name of a saved model."""
    return "/" in model or "\\" in model or model.startswith("~") or model.endswith(_FILES)


def model_place(provider: str, name: str, settings: Settings) -> Path:
    """Where the model lies, or will lie."""
    return settings.home / "models" / provider / name


def find_model(
    provider: str, name: str, settings: Settings, *, thorough: bool = False
) -> SavedModel:
    """The saved model ``provider:name``; ``thorough`` reads all its files and compares.

    Raises:
        EmbeddingError: There is none, or it is damaged.
    """
    check_name(name)
    folder, spec = model_place(provider, name, settings), f"{provider}:{name}"
    if not folder.is_dir():
        raise EmbeddingError(
            f"There is no model {spec} in {settings.home}. The page Models and `rag models` list "
            f"those that are there; train it there, or with: rag models train {provider} "
            f"--name {name}"
        )
    try:
        saved = _read(spec, folder)
        whole = not thorough or fingerprint_of(folder) == saved.fingerprint
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(spec, folder) from error
    if not whole:
        raise damaged(spec, folder)
    return saved


def open_model(spec: ModelSpec, settings: Settings, *options: str) -> SavedModel:
    """The saved model that ``spec`` names, all its files read and compared.

    Args:
        spec: As the user gave it.
        settings: ``home`` is where models are kept.
        options: What can still be chosen; everything else was fixed by the fit.

    Raises:
        UsageError: Another option.
        EmbeddingError: There is no such model, or it is damaged.
    """
    for option in spec.options:
        if option not in options:
            raise UsageError(
                f"'{spec}': a saved model keeps the options that it was trained with"
                f"{' but ' + ', '.join(options) if options else ''}. Leave '{option}' out, or "
                f"train another model: rag models train '{spec.provider}?{option}=…'"
            )
    return find_model(spec.provider, spec.model, settings, thorough=True)


def saved_models(settings: Settings, provider: str | None = None) -> list[SavedModel]:
    """All saved models in order of provider and name; damaged ones are left out."""
    found = []
    for note in sorted((settings.home / "models").glob(f"{provider or '*'}/*/{NOTE}")):
        if not note.parent.name.startswith(DRAFT):
            with suppress(OSError, ValueError, KeyError, TypeError):
                found.append(_read(f"{note.parts[-3]}:{note.parts[-2]}", note.parent))
    return found


def fingerprint_of(folder: Path) -> str:
    """SHA-256 of names and contents of all files of a model but ``model.json``."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file != folder / NOTE:
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


def damaged(spec: str, folder: Path) -> EmbeddingError:
    """The error of a saved model that is not whole."""
    provider, _, name = spec.partition(":")
    return EmbeddingError(
        f"The saved model {spec} in {folder} is damaged or half-written. Remove it and train it "
        f"again, on the page Models or with: rag models remove {spec}, then rag models train "
        f"{provider} --name {name}"
    )


def _read(spec: str, folder: Path) -> SavedModel:
    note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
    if note["format"] != FORMAT:
        raise ValueError(note["format"])
    return SavedModel(
        spec=spec,
        folder=folder,
        options=dict(note["options"]),
        fingerprint=str(note["fingerprint"]),
        dimension=int(note["dimension"]),
        about=str(note.get("about", "")),
        texts=int(note.get("texts", 0)),
        words=int(note.get("words", 0)),
        vocabulary=int(note.get("vocabulary", 0)),
        created_at=datetime.fromisoformat(note["created_at"]),
        note=note,
    )
