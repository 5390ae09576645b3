"""The table of providers: from the first word of a spec to the module that loads its models.

A provider is one row here and one file beside this one, which has two functions::

    load(spec: ModelSpec, settings: Settings) -> IdentifiedEmbeddings
    models(settings: Settings) -> list[ModelStatus]

One whose models are fitted on the user's text has ``fit`` as well (``FittingModule``).
Its heavy libraries are imported inside ``load`` or later, never at its top: ``models`` must be
cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from rag_app.embeddings.bag_of_words import fitted_so, with_profile, without_option
from rag_app.embeddings.spec import ModelSpec, parse_spec
from rag_app.errors import EmbeddingError, MissingExtraError, UsageError
from rag_app.settings import Settings

if TYPE_CHECKING:
    # LangChain takes a third of a second; the table is asked by commands that load no model.
    from rag_app.embeddings.base import IdentifiedEmbeddings
    from rag_app.embeddings.vocabulary import VocabularyEmbeddings


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """What can be said of a model without loading it.

    Attributes:
        spec: How to name it; capitals stand for what the user fills in.
        state: ``ready``, ``needs extra X``, ``needs key Y`` or ``needs a fit``.
        dimension: Length of a vector, if it is known.
        max_tokens: What it reads of a text, if it is known.
        destination: Host that would receive the text; None when it stays on this machine.
        note: A few words about it.
        languages: ISO 639-1 codes of those it was made for; None where that is not known.
    """

    spec: str
    state: str
    dimension: int | None = None
    max_tokens: int | None = None
    destination: str | None = None
    note: str = ""
    languages: tuple[str, ...] | None = None


class ProviderModule(Protocol):
    """What a provider's file offers."""

    def load(self, spec: ModelSpec, settings: Settings) -> IdentifiedEmbeddings:
        """Loads the model."""
        ...

    def models(self, settings: Settings) -> list[ModelStatus]:
        """Lists its models without loading one."""
        ...


class FittingModule(ProviderModule, Protocol):
    """What the file of a provider offers whose models are fitted on texts."""

    def fit(
        self,
        spec: ModelSpec,
        texts: Sequence[str],
        folder: Path,
        progress: Callable[[float], None] | None,
    ) -> dict[str, object]:
        """Writes a fitted model into ``folder``; returns what ``model.json`` says of it."""
        ...


@dataclass(frozen=True, slots=True)
class Provider:
    """A row of the table.

    Attributes:
        module: File beside this one.
        named: Whether a spec must name a model after the colon.
        extra: The extra that installs ``packages``; None where they come with the application.
        packages: Modules that it needs, by their import names.
        fits: Whether its models are fitted on texts; a spec without a name then needs a fit.
        sends: Whether its models may send text to another machine.
        words: Whether they count words, or average the vectors of words.
    """

    module: str
    named: bool = True
    extra: str | None = None
    packages: tuple[str, ...] = ()
    fits: bool = False
    sends: bool = False
    words: bool = False


PROVIDERS: dict[str, Provider] = {
    "minilm": Provider("minilm", named=False),
    "static": Provider("static"),
    "sentence-transformers": Provider("transformer"),
    "tuned": Provider("tuned"),
    "transformers": Provider("pooled"),
    "glove": Provider("glove", words=True),
    "word2vec": Provider("word2vec", fits=True, words=True),
    "fasttext": Provider("fasttext", fits=True, words=True),
    "tfidf": Provider("counts", fits=True, words=True),
    "bow": Provider("counts", fits=True, words=True),
    "onehot": Provider("counts", fits=True, words=True),
    "ordinal": Provider("counts", fits=True, words=True),
    "ollama": Provider("hosted", extra="ollama", packages=("langchain_ollama",), sends=True),
    "openai": Provider("openai_api", sends=True),
    "cohere": Provider("hosted", extra="cohere", packages=("langchain_cohere",), sends=True),
    "google": Provider("hosted", extra="google", packages=("langchain_google_genai",), sends=True),
    "huggingface": Provider("hosted", sends=True),
    "voyage": Provider("hosted", extra="voyage", packages=("langchain_voyageai",), sends=True),
    "python": Provider("custom", sends=True),
}
"""In the order of lists: what runs here first, baselines after it, then what is hosted."""


def load_embeddings(spec: str, settings: Settings) -> IdentifiedEmbeddings:
    """Loads the model that ``spec`` names.

    Raises:
        UsageError: No such provider or option, or the model's name is missing.
        MissingExtraError: The provider's packages are not installed.
        MissingKeyError: The provider needs a key.
        EmbeddingError: The model cannot be loaded.
    """
    parsed = parse_spec(spec)
    row = provider_row(parsed.provider)
    if row.fits and not parsed.model:
        raise EmbeddingError(
            f"'{spec}' needs a fit on your texts first: rag models train '{parsed}' "
            f"--collection {settings.collection}"
        )
    if row.named and not parsed.model:
        raise UsageError(f"'{spec}' names no model. Write {parsed.provider}:MODEL.")
    if parsed.model and not row.named:
        raise UsageError(f"{parsed.provider} is one model. Write {parsed.provider} alone.")
    plain, clean = split_clean(parsed)
    _require(row, spec)
    model = _module(row).load(plain, settings)
    if clean or (row.fits and fitted_so(plain, settings)):
        with_profile(cast("VocabularyEmbeddings", model), named=clean)
    return model


def list_models(settings: Settings) -> list[ModelStatus]:
    """What can be used now, and what would need which extra or key. Loads no heavy library."""
    statuses: list[ModelStatus] = []
    modules = {row.module: _module(row) for row in PROVIDERS.values()}
    for module in modules.values():
        for status in module.models(settings):
            # Providers may share a file, and need different packages all the same.
            row = provider_row(parse_spec(status.spec).provider)
            missing = row.extra and not _installed(row.packages)
            statuses.append(
                replace(status, state=f"needs extra {row.extra}") if missing else status
            )
    return statuses


def fitting_module(spec: ModelSpec) -> FittingModule:
    """The file of a provider whose models are fitted on texts.

    Raises:
        UsageError: Its models are not fitted, or ``spec`` names one.
        MissingExtraError: Its packages are not installed.
    """
    row = provider_row(spec.provider)
    if not row.fits or spec.model:
        kinds = ", ".join(name for name, one in PROVIDERS.items() if one.fits)
        raise UsageError(
            f"'{spec}' is not a kind of model that is fitted on texts: those are {kinds}, with "
            "options where they have some: word2vec?sg=1."
        )
    split_clean(spec)
    _require(row, str(spec))
    return cast("FittingModule", _module(row))


def split_clean(spec: ModelSpec) -> tuple[ModelSpec, bool]:
    """A spec without the option ``clean``, and whether it had it; see ``bag_of_words``.

    Raises:
        UsageError: It names no profile there is, or is not for models of words.
    """
    return without_option(spec, {name: row.words for name, row in PROVIDERS.items()})


def provider_row(name: str) -> Provider:
    """The row of a provider.

    Raises:
        UsageError: There is none of this name; the message offers the nearest.
    """
    if row := PROVIDERS.get(name):
        return row
    near = get_close_matches(name, PROVIDERS, n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    raise UsageError(
        f"There is no embedding provider '{name}'. {hint}The providers are "
        f"{', '.join(sorted(PROVIDERS))}; `rag models` lists what can be used now."
    )


def _require(row: Provider, spec: str) -> None:
    if row.extra and not _installed(row.packages):
        raise MissingExtraError(f"The embedding model '{spec}'", row.extra)


def _module(row: Provider) -> ProviderModule:
    return cast("ProviderModule", import_module(f"{__package__}.{row.module}"))


def _installed(packages: Sequence[str]) -> bool:
    return all(find_spec(package) is not None for package in packages)
