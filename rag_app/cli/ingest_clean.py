"""``ingest --clean PROFILE``: the embedding model of the settings, with the profile in its spec."""

from __future__ import annotations

from rag_app.errors import UsageError
from rag_app.settings import Settings


def with_cleaning(settings: Settings, profile: str | None) -> Settings:
    """The settings with an embedding model that reads cleaned words.

    Args:
        settings: What is in force. Without a model in them it is the collection's own.
        profile: None leaves all as it is.

    Raises:
        UsageError: There is no such profile, or it is not for this model.
    """
    if profile is None:
        return settings
    from rag_app.embeddings.bag_of_words import NAME, with_option
    from rag_app.embeddings.providers import split_clean
    from rag_app.embeddings.resolve import AUTO, DEFAULT
    from rag_app.embeddings.spec import parse_spec
    from rag_app.store import Store

    if profile != NAME:
        raise UsageError(f"There is no cleaning profile '{profile}'. Write --clean {NAME}.")
    spec = settings.embedding
    if spec == AUTO:
        with Store(settings) as store:
            name = settings.collection
            spec = store.get(name).info.embedding.spec if store.exists(name) else DEFAULT
    cleaned = with_option(parse_spec(spec))
    split_clean(cleaned)
    return settings.override(embedding=str(cleaned))
