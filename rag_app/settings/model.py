"""The model of the settings: names, types, bounds, descriptions, and where each value came from."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

from platformdirs import user_cache_path, user_data_path
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from rag_app.errors import SettingsError
from rag_app.settings.values import (
    Origin,
    check_collection_name,
    check_web_address,
    without_credentials,
)


class Settings(BaseModel):
    """Everything that can be set. Field names are the keys of ``rag.toml`` and, in capitals and
    with ``RAG_`` before them, the variables.
    """

    # Hidden inputs: pydantic's own error text, which a traceback shows, would print a secret.
    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True
    )

    home: Path = Field(
        default_factory=lambda: user_data_path("rag-app", appauthor=False),
        description="Folder for everything that the application writes.",
    )
    cache: Path = Field(
        default_factory=lambda: user_cache_path("rag-app", appauthor=False),
        description="Folder for what can be made again: exported models and the vector cache.",
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
    cohere_api_key: SecretStr | None = Field(
        None, description="Key for cohere: models (or the variable COHERE_API_KEY)."
    )
    voyage_api_key: SecretStr | None = Field(
        None, description="Key for voyage: models (or the variable VOYAGE_API_KEY)."
    )
    google_api_key: SecretStr | None = Field(
        None, description="Key for google: models (or the variable GOOGLE_API_KEY)."
    )
    huggingface_api_key: SecretStr | None = Field(
        None, description="Key for huggingface: models (or the variable HF_TOKEN)."
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
    chroma_timeout_s: float = Field(
        30.0, gt=0, le=3600, description="Seconds to wait for an answer of the Chroma server."
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

    @field_validator("home", "cache")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        if "\0" in str(value):
            raise ValueError("it must have no NUL character")
        try:
            return value.expanduser().absolute()
        except RuntimeError as error:
            raise ValueError("it must name the home folder of a user there is") from error

    @field_validator("collection")
    @classmethod
    def _collection_name(cls, value: str) -> str:
        return check_collection_name(value)

    @field_validator("*", mode="before")
    @classmethod
    def _no_boolean(cls, value: object, info: ValidationInfo) -> object:
        # pydantic reads `top_k = true` as 1; nobody means that.
        if isinstance(value, bool) and _type_of(info.field_name) is not bool:
            raise ValueError("it takes no true or false")
        return value

    @field_validator("chroma_url", "embedding_base_url", "llm_base_url", "openai_base_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        return value if value is None else check_web_address(value)

    def origin(self, name: str) -> Origin:
        """Where the value of the setting ``name`` came from."""
        return self._origins.get(name, Origin("default", ""))

    def shown(self, name: str) -> str:
        """The value as text for people; a secret only as present or absent."""
        value = getattr(self, name)
        if is_secret(name):
            return "present" if value else "absent"
        return "—" if value is None else without_credentials(str(value))

    def override(self, **flags: object) -> Settings:
        """A copy in which each flag that is not None takes the place of the value.

        Raises:
            SettingsError: There is no such setting, or a value does not fit it.
        """
        given = {key: value for key, value in flags.items() if value is not None}
        values = {key: getattr(self, key) for key in self.model_fields_set} | given
        origins = self._origins | {
            key: Origin("flag", "--" + key.replace("_", "-")) for key in given
        }
        return validated(values, origins)


def is_secret(name: str) -> bool:
    """Whether the setting ``name`` is never printed."""
    annotation = Settings.model_fields[name].annotation
    return annotation is SecretStr or SecretStr in get_args(annotation)


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


def _type_of(name: str | None) -> object:
    return Settings.model_fields[name].annotation if name else None


def _explain(error: ValidationError, origins: Mapping[str, Origin]) -> str:
    first = error.errors()[0]
    key = str(first["loc"][0])
    origin = origins.get(key, Origin("default", ""))
    place = f" (from {origin.source} {origin.name})" if origin.name else ""
    given = "" if is_secret(key) else f", not {without_credentials(repr(first['input']))}"
    problem = first["msg"].removeprefix("Value error, ").replace("Input should be", "it must be")
    return f"Setting '{key}'{place}: {problem[0].lower()}{problem[1:]}{given}. Correct it."
