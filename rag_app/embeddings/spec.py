"""Model specs: ``provider:model?option=value&option=value``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

from rag_app.errors import UsageError


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A parsed spec.

    Attributes:
        provider: The part before the first colon; a provider without models stands alone
            (``minilm``).
        model: Name or path; may hold colons.
        options: What stands behind the question mark.
    """

    provider: str
    model: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """The spec as text, options in alphabetical order; ``parse_spec`` reads it back."""
        name = f"{self.provider}:{self.model}" if self.model else self.provider
        options = "&".join(
            f"{key}={quote(value, safe=':/,')}" for key, value in sorted(self.options.items())
        )
        return f"{name}?{options}" if options else name

    def allow(self, *names: str) -> None:
        """Checks that there are no other options.

        Raises:
            UsageError: An option that the provider does not have.
        """
        for name in self.options:
            if name not in names:
                known = f"it has {', '.join(names)}" if names else "it has none"
                raise UsageError(f"{self.provider} has no option '{name}' in '{self}': {known}.")

    def number(self, name: str, default: int, *, least: int = 1, most: int = 1_000_000) -> int:
        """The option ``name`` as a whole number.

        Raises:
            UsageError: It is no whole number from ``least`` to ``most``.
        """
        text = self.options.get(name, str(default))
        if not text.isdecimal() or not least <= int(text) <= most:
            raise UsageError(
                f"Option '{name}' of '{self}' must be a whole number from {least} to {most}."
            )
        return int(text)


def parse_spec(text: str) -> ModelSpec:
    """Reads a spec.

    Raises:
        UsageError: It is empty, or an option has no value.
    """
    head, _, tail = text.strip().partition("?")
    provider, _, model = head.partition(":")
    if not provider:
        raise UsageError(f"'{text}' names no model. Write provider:model, or minilm.")
    try:
        options = dict(parse_qsl(tail, strict_parsing=True)) if tail else {}
    except ValueError as error:
        raise UsageError(f"The options of '{text}' are not name=value pairs.") from error
    return ModelSpec(provider.lower(), model, options)
