"""The table of providers: from the first word of a spec to the module that loads its models.

A provider is one row here and one file beside this one, which has two functions::

    load(spec: ModelSpec, settings: Settings) -> IdentifiedEmbeddings
    models(settings: Settings) -> list[ModelStatus]

Its heavy libraries are imported inside ``load`` or later, never at its top: ``models`` must be
cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast

from rag_app.embeddings.base import IdentifiedEmbeddings
from rag_app.embeddings.spec import ModelSpec, parse_spec
from rag_app.errors import MissingExtraError, UsageError
from rag_app.settings import Settings


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


@dataclass(frozen=True, slots=True)
class Provider:
    """A row of the table.

    Attributes:
        module: File beside this one.
        named: Whether a spec must name a model after the colon.
        extra: The extra that installs ``packages``; None where they come with the application.
        packages: Modules that it needs, by their import names.
    """

    module: str
    named: bool = True
    extra: str | None = None
    packages: tuple[str, ...] = ()


PROVIDERS: dict[str, Provider] = {
    "minilm": Provider("minilm", named=False),
    "openai": Provider("openai_api"),
    "sentence-transformers": Provider("transformer"),
}


def load_embeddings(spec: str, settings: Settings) -> IdentifiedEmbeddings:
    """Loads the model that ``spec`` names.

    Raises:
        UsageError: No such provider or option, or the model's name is missing.
        MissingExtraError: The provider's packages are not installed.
        MissingKeyError: The provider needs a key.
        EmbeddingError: The model cannot be loaded.
    """
    parsed = parse_spec(spec)
    row = _row(parsed.provider)
    if row.named and not parsed.model:
        raise UsageError(f"'{spec}' names no model. Write {parsed.provider}:MODEL.")
    if parsed.model and not row.named:
        raise UsageError(f"{parsed.provider} is one model. Write {parsed.provider} alone.")
    if row.extra and not _installed(row.packages):
        raise MissingExtraError(f"The embedding model '{spec}'", row.extra)
    return _module(row).load(parsed, settings)


def list_models(settings: Settings) -> list[ModelStatus]:
    """What can be used now, and what would need which extra or key. Loads no heavy library."""
    statuses: list[ModelStatus] = []
    for row in PROVIDERS.values():
        for status in _module(row).models(settings):
            missing = row.extra and not _installed(row.packages)
            statuses.append(
                replace(status, state=f"needs extra {row.extra}") if missing else status
            )
    return statuses


def _row(name: str) -> Provider:
    if row := PROVIDERS.get(name):
        return row
    near = get_close_matches(name, PROVIDERS, n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    raise UsageError(
        f"There is no embedding provider '{name}'. {hint}The providers are "
        f"{', '.join(sorted(PROVIDERS))}; `rag models` lists what can be used now."
    )


def _module(row: Provider) -> ProviderModule:
    return cast("ProviderModule", import_module(f"{__package__}.{row.module}"))


def _installed(packages: Sequence[str]) -> bool:
    return all(find_spec(package) is not None for package in packages)
