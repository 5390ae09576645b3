"""Settings: one frozen model, filled from defaults, ``rag.toml``, ``RAG_*`` variables and flags.

Each source overrides the one before it, and each value remembers where it came from. This module
is the only reader of the environment and of ``rag.toml``. A wrong value fails here, at load, with
a sentence that names it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, NamedTuple

from platformdirs import user_data_path
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
)

from rag_app.errors import SettingsError

PREFIX = "RAG_"
FILE_VARIABLE = "RAG_CONFIG"
FILE_NAME = "rag.toml"
KEY_VARIABLES = {"openai_api_key": "OPENAI_API_KEY", "openai_base_url": "OPENAI_BASE_URL"}
"""Settings that also follow a variable which other software has made common."""

Source = Literal["default", "file", "variable", "flag"]


class Origin(NamedTuple):
    """Where a value came from: the kind of source, and its name (a path, a variable, a flag)."""

    source: Source
    name: str


class Settings(BaseModel):
    """Everything that can be set. Field names are the keys of ``rag.toml`` and, in capitals and
    with ``RAG_`` before them, the variables.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    home: Path = Field(
        default_factory=lambda: user_data_path("rag-app", appauthor=False),
        description="Folder for everything that the application writes.",
    )
    collection: str = Field("default", description="Collection that commands use.")
    embedding: str = Field(
        "auto",
        description="Embedding model as provider:model; auto is the collection's own, "
        "and the bundled minilm for a new collection.",
    )
    embedding_base_url: str | None = Field(
        None, description="Address of an OpenAI-compatible embedding server."
    )
    llm: str = Field(
        "extractive",
        description="Answerer: extractive (no language model), or provider:model.",
    )
    llm_base_url: str | None = Field(
        None, description="Address of an OpenAI-compatible chat server."
    )
    llm_context_tokens: int = Field(
        8192, ge=512, le=2_000_000, description="Context window of the language model, in tokens."
    )
    llm_answer_tokens: int = Field(
        512, ge=16, le=32_768, description="Longest answer of the language model, in tokens."
    )
    llm_timeout_s: float = Field(
        60.0, gt=0, le=3600, description="Seconds to wait for the language model's next words."
    )
    openai_api_key: SecretStr | None = Field(
        None, description="Key for openai: models (or the variable OPENAI_API_KEY)."
    )
    openai_base_url: str | None = Field(
        None, description="Address for openai: models (or the variable OPENAI_BASE_URL)."
    )
    top_k: int = Field(5, ge=1, le=50, description="Passages that an answer may rest on.")
    answer_sentences: int = Field(
        2, ge=1, le=10, description="Longest extractive answer, in sentences."
    )
    chunk_tokens: int = Field(
        200, ge=16, le=8192, description="Largest passage, in tokens of the embedding model."
    )
    chunk_overlap: int = Field(
        0, ge=0, le=4096, description="Tokens that a passage repeats from the one before."
    )
    abstain_below: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Say that the documents do not tell when the estimated probability of an "
        "answer is below this.",
    )
    max_file_mb: float = Field(
        200.0, gt=0, le=100_000, description="Larger files are refused, in megabytes."
    )
    pdf_password: SecretStr | None = Field(
        None, description="Password tried on encrypted PDF files."
    )
    chroma_url: str | None = Field(
        None, description="Address of a Chroma server; without it Chroma runs embedded."
    )
    lock_wait_s: float = Field(
        30.0,
        ge=0,
        le=86_400,
        description="Seconds to wait for another process that writes to the same collection.",
    )
    threads: int = Field(
        0, ge=0, le=1024, description="Threads of the bundled model; 0 is one for each core."
    )

    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)

    @field_validator("home")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("collection")
    @classmethod
    def _collection_name(cls, value: str) -> str:
        return check_collection_name(value)

    def origin(self, name: str) -> Origin:
        """Where the value of the setting ``name`` came from."""
        return self._origins.get(name, Origin("default", ""))

    def shown(self, name: str) -> str:
        """The value as text for people; a secret only as present or absent."""
        value = getattr(self, name)
        if isinstance(value, SecretStr) or "key" in name or "password" in name:
            return "present" if value else "absent"
        return "—" if value is None else str(value)

    def override(self, **flags: object) -> Settings:
        """A copy in which each flag that is not None takes the place of the value."""
        given = {key: value for key, value in flags.items() if value is not None}
        values = {key: getattr(self, key) for key in self._origins} | given
        origins = self._origins | {
            key: Origin("flag", "--" + key.replace("_", "-")) for key in given
        }
        return _validated(values, origins)


def check_collection_name(name: str) -> str:
    """Returns ``name`` if it can name a collection.

    Raises:
        ValueError: It is empty, longer than 60 characters, or has characters beyond letters,
            digits, dot, dash and underscore.
    """
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    if not (0 < len(name) <= 60) or not plain.isalnum() or not plain.isascii():
        raise ValueError(
            "a collection name has 1 to 60 letters, digits, dots, dashes and underscores"
        )
    return name


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
            values[_known(key, f"{path}: ")] = value
            origins[key] = Origin("file", str(path))
    for key, variable in KEY_VARIABLES.items():
        if environ.get(variable):
            values[key], origins[key] = environ[variable], Origin("variable", variable)
    for variable, text in environ.items():
        if variable.startswith(PREFIX) and variable != FILE_VARIABLE and text != "":
            key = _known(variable.removeprefix(PREFIX).lower(), f"Variable {variable}: ")
            values[key], origins[key] = text, Origin("variable", variable)
    return _validated(values, origins).override(**(flags or {}))


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
            f"Correct {FILE_VARIABLE} or create the file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} is not valid TOML: {error}.") from error


def _known(key: str, where: str) -> str:
    if key in Settings.model_fields:
        return key
    near = get_close_matches(key, Settings.model_fields, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else " `rag settings` lists them."
    raise SettingsError(f"{where}there is no setting '{key}'.{hint}")


def _validated(values: dict[str, object], origins: dict[str, Origin]) -> Settings:
    for key in values:
        _known(key, "")
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_explain(error, origins)) from error
    settings._origins.update(origins)  # noqa: SLF001 - our own private attribute
    return settings


def _explain(error: ValidationError, origins: Mapping[str, Origin]) -> str:
    first = error.errors()[0]
    key = str(first["loc"][0])
    origin = origins.get(key, Origin("default", ""))
    place = f" (from {origin.source} {origin.name})" if origin.name else ""
    given = "" if "key" in key or "password" in key else f", not {first['input']!r}"
    problem = first["msg"].removeprefix("Value error, ").replace("Input should be", "it must be")
    return f"Setting '{key}'{place}: {problem[0].lower()}{problem[1:]}{given}. Correct it."
