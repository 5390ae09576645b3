"""What the shell offers on Tab. A completion never fails: it offers nothing instead."""

from __future__ import annotations

from rag_app.errors import RagError
from rag_app.settings import Settings, load_settings
from rag_app.types.filter_values import FIELDS


def collection_names() -> list[str]:
    """Collections of the folder that variables and ``rag.toml`` name."""
    from rag_app.store import Store

    try:
        with Store(load_settings()) as store:
            return [info.name for info in store.collections()]
    except (RagError, OSError):
        return []


def model_specs() -> list[str]:
    """Embedding models that need nothing to be filled in."""
    from rag_app.embeddings import list_models

    try:
        return [status.spec for status in list_models(load_settings()) if status.state == "ready"]
    except (RagError, OSError):
        return []


def setting_names() -> list[str]:
    """Names of settings, with the equals sign."""
    return [f"{name}=" for name in Settings.model_fields]


def filter_fields() -> list[str]:
    """Fields of a filter, with the equals sign."""
    return [name.removesuffix("KEY") if name == "meta.KEY" else f"{name}=" for name in FIELDS]
