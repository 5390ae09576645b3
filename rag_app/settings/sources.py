"""The sources of settings: ``rag.toml``, variables and flags."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag_app.errors import SettingsError
from rag_app.settings.model import Settings
from rag_app.settings.validate import known_setting, validated
from rag_app.settings.values import Assigned, Origin

PREFIX = "RAG_"
FILE_VARIABLE = "RAG_CONFIG"
FILE_NAME = "rag.toml"
KEY_VARIABLES = {
    "cohere_api_key": "COHERE_API_KEY",
    "google_api_key": "GOOGLE_API_KEY",
    "huggingface_api_key": "HF_TOKEN",
    "openai_api_key": "OPENAI_API_KEY",
    "openai_base_url": "OPENAI_BASE_URL",
    "voyage_api_key": "VOYAGE_API_KEY",
}
"""Settings that also follow a variable which other software has made common."""


def load_settings(
    flags: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    config_file: Path | None = None,
) -> Settings:
    """Reads all sources.

    Args:
        flags: Values from the command line; those that are None are not set.
        environ: Variables; the process's own unless given.
        config_file: A file to read instead of the one that ``RAG_CONFIG`` names or ``./rag.toml``.

    Raises:
        SettingsError: An unknown setting, a value out of range, or a file that cannot be read.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, object] = {}
    origins: dict[str, Origin] = {}
    path = config_file or _config_path(environ)
    if path is not None:
        for key, value in _read_file(path).items():
            values[known_setting(key, f"{path}: ")] = value
            origins[key] = Origin("file", str(path))
    for key, variable in KEY_VARIABLES.items():
        if environ.get(variable):
            values[key], origins[key] = environ[variable], Origin("variable", variable)
    for variable, text in environ.items():
        if variable.startswith(PREFIX) and variable != FILE_VARIABLE:
            key = known_setting(variable.removeprefix(PREFIX).lower(), f"Variable {variable}: ")
            if text != "":  # an empty variable is an unset one, but a misspelt one is still wrong
                values[key], origins[key] = text, Origin("variable", variable)
    return validated(values, origins).override(**(flags or {}))


def parse_assignments(pairs: Sequence[str]) -> dict[str, Assigned]:
    """Reads ``name=value`` pairs, as ``--set`` takes them; the last of a name wins.

    Raises:
        SettingsError: A pair has no equals sign, or names no setting.
    """
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(f"'--set {name}' gives no value. Write --set name=value.")
        key = name.strip().lower().replace("-", "_")
        values[known_setting(key, "--set: ")] = Assigned(value)
    return values


def _config_path(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get(FILE_VARIABLE):
        return Path(named).expanduser()
    here = Path(FILE_NAME)
    return here if here.is_file() else None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read ({error.strerror}). "
            f"Correct {FILE_VARIABLE} or --config, or create the file."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"The settings file {path} is not UTF-8 text. Save it as UTF-8, or name another file."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"The settings file {path} is not valid TOML: {error}. Correct that line."
        ) from error
