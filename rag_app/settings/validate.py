"""From names and values to settings, or to the sentence that says what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from pydantic import ValidationError

from rag_app.errors import SettingsError
from rag_app.settings.model import Settings, is_secret
from rag_app.settings.values import Origin, without_credentials


def known_setting(key: str, where: str) -> str:
    """Returns ``key`` if it is a setting.

    Raises:
        SettingsError: It is not; the message starts with ``where`` and offers the nearest name.
    """
    if key in Settings.model_fields:
        return key
    near = get_close_matches(key, Settings.model_fields, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else " `rag settings` lists them."
    raise SettingsError(f"{where}there is no setting '{key}'.{hint}")


def validated(values: dict[str, object], origins: dict[str, Origin]) -> Settings:
    """Makes settings of ``values``, each with its origin.

    Raises:
        SettingsError: A name is unknown, or a value does not fit.
    """
    for key in values:
        known_setting(key, "")
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_explain(error, origins)) from error
    if settings.chunk_overlap >= settings.chunk_tokens:
        raise SettingsError(
            f"Setting 'chunk_overlap' ({settings.chunk_overlap}) must be smaller than "
            f"'chunk_tokens' ({settings.chunk_tokens}). Correct one of them."
        )
    settings._origins.update(origins)  # noqa: SLF001 - our own private attribute
    return settings


def _explain(error: ValidationError, origins: Mapping[str, Origin]) -> str:
    first = error.errors()[0]
    key = str(first["loc"][0])
    origin = origins.get(key, Origin("default", ""))
    place = f" (from {origin.source} {origin.name})" if origin.name else ""
    given = "" if is_secret(key) else f", not {without_credentials(repr(first['input']))}"
    problem = first["msg"].removeprefix("Value error, ").replace("Input should be", "it must be")
    return f"Setting '{key}'{place}: {problem[0].lower()}{problem[1:]}{given}. Correct it."
