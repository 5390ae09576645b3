"""Models fitted on the user's own text: made, kept, found again and removed.

One lies in ``settings.home/models/PROVIDER/NAME`` with a ``model.json`` that says what it was made
of. It is written to a draft folder beside its place and renamed, so it is whole or not there. Its
spec is ``PROVIDER:NAME``; a spec without a name (``tfidf``, ``word2vec?sg=1``) needs a fit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence

from rag_app.embeddings.bag_of_words import clean_words
from rag_app.embeddings.model_files import (
    SavedModel,
    check_name,
    find_model,
    model_place,
    saved_models,
)
from rag_app.embeddings.model_saving import delete_model, save_model
from rag_app.embeddings.providers import ModelStatus, fitting_module, provider_row, split_clean
from rag_app.embeddings.spec import ModelSpec, parse_spec
from rag_app.errors import EmbeddingError, UsageError
from rag_app.settings import Settings

Progress = Callable[[float], None]
"""Told how far a fit has come, from 0 to 1."""

_DIGITS = 8
_LONGEST_NAME = 60


def needs_fit(spec: str) -> bool:
    """Whether ``spec`` names a kind of model that has to be fitted first.

    Raises:
        UsageError: There is no such provider.
    """
    parsed = parse_spec(spec)
    return provider_row(parsed.provider).fits and not parsed.model


def train(
    spec: str,
    texts: Sequence[str],
    settings: Settings,
    name: str,
    *,
    about: str = "",
    progress: Progress | None = None,
) -> str:
    """Fits a model on ``texts`` and saves it.

    Args:
        spec: A provider with the options of the fit, without a name: ``word2vec?sg=1``.
        texts: What it learns from; the passages of a collection, for example.
        settings: ``home`` is where it is kept.
        name: What it will be called.
        about: The texts in a few words, for lists.
        progress: Told how far it is.

    Returns:
        The spec of the saved model, such as ``tfidf:NAME``.

    Raises:
        UsageError: The provider has nothing to fit, an option or the name is wrong, or a model
            has this name already.
        EmbeddingError: There is too little text, or the model cannot be written.
        MissingExtraError: The packages that fit it are not installed.
    """
    parsed = parse_spec(spec)
    module = fitting_module(parsed)
    check_name(name)
    if model_place(parsed.provider, name, settings).exists():
        raise UsageError(
            f"There is a model {parsed.provider}:{name} already. Choose another name, or remove "
            f"that one (on the page Models, or with rag models remove {parsed.provider}:{name})."
        )
    plain, clean = split_clean(parsed)
    read = [" ".join(clean_words(text)) for text in texts] if clean else texts
    save_model(
        parsed,
        name,
        settings,
        lambda folder: (
            {"about": about, "texts": len(texts)} | module.fit(plain, read, folder, progress)
        ),
    )
    return f"{parsed.provider}:{name}"


def fitted_for(
    spec: str,
    texts: Callable[[], Sequence[str]],
    settings: Settings,
    *,
    collection: str,
    about: str = "",
    progress: Progress | None = None,
) -> str:
    """A spec that can be loaded: the given one, or that of a model fitted on these very texts.

    The model is kept as ``COLLECTION-XXXXXXXX``, a digest of texts and options, so that the same
    texts are fitted once.

    Args:
        spec: Any spec.
        texts: Gives the texts; called only where a fit is needed.
        settings: ``home`` is where models are kept.
        collection: What the texts are of.
        about: The texts in a few words, for lists; the collection unless given.
        progress: Told how far a fit is.

    Raises:
        UsageError: No such provider or option.
        EmbeddingError: There is too little text, or the model cannot be written.
        MissingExtraError: The packages that fit it are not installed.
    """
    if not needs_fit(spec):
        return spec
    parsed, given = parse_spec(spec), texts()
    start = collection[: _LONGEST_NAME - _DIGITS - 1].lstrip(".")
    name = f"{start}-{_digest(parsed, given)}"
    saved = f"{parsed.provider}:{name}"
    if not _is_whole(parsed.provider, name, settings):
        try:
            train(spec, given, settings, name, about=about or collection, progress=progress)
        except UsageError:  # another process may have made the same one meanwhile
            if not _is_whole(parsed.provider, name, settings):
                raise
    return saved


def _is_whole(provider: str, name: str, settings: Settings) -> bool:
    """Whether the model is there; a damaged one is removed, to be made again."""
    if not model_place(provider, name, settings).exists():
        return False
    try:
        find_model(provider, name, settings, thorough=True)
    except EmbeddingError:
        remove_trained(f"{provider}:{name}", settings)
        return False
    return True


def remove_trained(spec: str, settings: Settings) -> None:
    """Deletes a saved model. Whether a collection uses it is for the caller to know.

    Raises:
        UsageError: ``spec`` names no saved model.
        EmbeddingError: It cannot be deleted.
    """
    parsed = parse_spec(spec)
    delete_model(parsed.provider, parsed.model, settings)


def trained_models(settings: Settings, provider: str | None = None) -> list[SavedModel]:
    """The saved models, those of one provider if it is given; damaged ones are left out."""
    return saved_models(settings, provider)


def statuses(
    provider: str, note: str, settings: Settings, state: str = "needs a fit"
) -> list[ModelStatus]:
    """A provider that is fitted, as ``rag models`` lists it, and its saved models."""
    kind = ModelStatus(provider, state, note=note)
    return [kind] + [
        ModelStatus(saved.spec, "ready", saved.dimension, note=_described(saved))
        for saved in saved_models(settings, provider)
    ]


def _described(saved: SavedModel) -> str:
    words = f"{saved.vocabulary:,} words" if saved.vocabulary else ""
    return ", ".join(part for part in (words, saved.about and f"from {saved.about}") if part)


def _digest(spec: ModelSpec, texts: Sequence[str]) -> str:
    digest = hashlib.sha256(json.dumps([spec.provider, sorted(spec.options.items())]).encode())
    for text in texts:
        content = text.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:_DIGITS]
