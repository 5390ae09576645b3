"""Sentence transformers that were tuned on the user's documents: ``tuned:NAME``.

They are made by ``rag models tune`` and lie in ``settings.home/models/tuned/NAME`` as the library
saves them, with a ``model.json`` that holds their score on held-out documents before and after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rag_app.embeddings.model_files import SavedModel, check_name, find_model, saved_models
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec, parse_spec
from rag_app.embeddings.transformer import OPTIONS, Transformer
from rag_app.embeddings.transformer import load as load_folder
from rag_app.errors import EmbeddingError
from rag_app.settings import Settings

PROVIDER = "tuned"


def load(spec: ModelSpec, settings: Settings) -> Transformer:
    """Loads a tuned model; torch takes many seconds to import.

    Raises:
        UsageError: An unknown option, or a name that cannot be one.
        EmbeddingError: There is no such model, or it is damaged.
    """
    spec.allow(*OPTIONS)
    saved = find_tuned(spec.model, settings)
    inner = replace(spec, provider="sentence-transformers", model=str(saved.folder))
    # The library knows a folder; people know the name.
    tuned = Transformer(load_folder(inner, settings).model, spec)
    tuned.languages = _languages(saved)
    return tuned


def find_tuned(name: str, settings: Settings) -> SavedModel:
    """The tuned model of this name, all its files read and compared.

    Raises:
        UsageError: The name cannot be one.
        EmbeddingError: There is no such model, or it is damaged.
    """
    check_name(name)
    if not (settings.home / "models" / PROVIDER / name).is_dir():
        raise EmbeddingError(
            f"There is no tuned model '{name}' in {settings.home}. The page Models and `rag "
            "models` list those that are there; tune it there, or with: rag models tune minilm "
            f"--name {name}"
        )
    try:
        return find_model(PROVIDER, name, settings, thorough=True)
    except EmbeddingError as error:
        raise EmbeddingError(
            f"The tuned model '{name}' in {settings.home} is damaged or half-written. Remove it "
            f"and make it again, on the page Models or with: rag models remove {PROVIDER}:{name}, "
            "then rag models tune"
        ) from error


def learned_documents(spec: str, settings: Settings) -> frozenset[str]:
    """Ids of the documents that a tuned model has learned from; questions about them flatter it.

    Any other model has learned from none.
    """
    parsed = parse_spec(spec)
    if parsed.provider != PROVIDER:
        return frozenset()
    return frozenset(find_model(PROVIDER, parsed.model, settings).note.get("learned", ()))


def models(settings: Settings) -> list[ModelStatus]:
    """The tuned models, each with its score before and after."""
    return [
        ModelStatus(
            saved.spec,
            "ready",
            saved.dimension,
            saved.note.get("max_tokens"),
            note=_note(saved.note),
            languages=_languages(saved),
        )
        for saved in saved_models(settings, PROVIDER)
    ]


def _languages(saved: SavedModel) -> tuple[str, ...] | None:
    return tuple(saved.note.get("languages") or ()) or None


def _note(note: Mapping[str, Any]) -> str:
    made = f"made of {note.get('base')} on {note.get('collection')}"
    score = note.get("score")
    if not score:
        return made
    values = f"{score['before']['mean']:.3f} before, {score['after']['mean']:.3f} after"
    advice = "" if score["recommended"] else f"; did not improve, keep {note.get('base')}"
    return f"{made}: held-out nDCG@10 {values}{advice}"
