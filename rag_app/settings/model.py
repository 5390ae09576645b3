"""The model of the settings: names, types, bounds, descriptions, and where each value came from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from platformdirs import user_cache_path, user_data_path
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from rag_app.settings.values import (
    Origin,
    check_collection_name,
    check_web_address,
    origin_of_flag,
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
    fusion: Literal["convex", "rrf"] = Field(
        "convex",
        description="How the lists by meaning and by words become one: convex weighs their "
        "scores, and takes the steps that follow from them; rrf is reciprocal rank fusion alone.",
    )
    rerank: str = Field(
        "",
        description="What ranks the first passages anew: cross-encoder:NAME-OR-PATH, llm:, or "
        "python:package.module:factory; empty is nothing.",
    )
    rerank_seconds: float = Field(
        10.0, gt=0, le=600, description="Seconds after which the reranker is not waited for."
    )
    rerank_candidates: int = Field(
        20, ge=2, le=50, description="Passages that rerank and diversity choose from."
    )
    diversity: float = Field(
        0.0, ge=0, le=1, description="How much passages must differ; 0 ranks by relevance alone."
    )
    neighbours: int = Field(
        0, ge=0, le=10, description="Passages before and after a found one that come with it."
    )
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
    reader: Literal["on", "off"] = Field(
        "on",
        description="Let a small model read the best English passages together with an English "
        "question, to quote better and to tell better whether they answer (on), or save a tenth of "
        "a second or two (off).",
    )
    max_file_mb: float = Field(
        200.0, gt=0, le=100_000, description="Larger files are refused, in megabytes."
    )
    max_file_characters: int = Field(
        50_000_000, ge=1, description="Files that hold more characters of text are refused."
    )
    ocr: Literal["auto", "off", "always"] = Field(
        "auto",
        description="Recognise text on images and on PDF pages that have none (auto), nowhere "
        "(off), or on every page of a PDF whatever its own text says (always).",
    )
    ocr_languages: str = Field(
        "",
        pattern=r"^([A-Za-z][\w/]*(\+[A-Za-z][\w/]*)*)?$",
        description="Languages of scans for Tesseract (rus, deu+fra); empty: the bundled OCR.",
    )
    parse_seconds: float = Field(
        300.0,
        gt=0,
        le=86_400,
        description="Reading one file is stopped after so many seconds; each page that is "
        "recognised (OCR) starts them anew.",
    )
    parse_memory_mb: int = Field(
        1000,
        ge=128,
        le=1_000_000,
        description="Reading one file gets no more memory than this, in megabytes.",
    )
    parse_workers: int = Field(
        0,
        ge=0,
        le=64,
        description="Processes that read files; 0 is one for each core, at most four.",
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
        from rag_app.settings.validate import validated  # which needs this class

        given = {key: value for key, value in flags.items() if value is not None}
        values = {key: getattr(self, key) for key in self.model_fields_set} | given
        flagged = {key: origin_of_flag(key, value) for key, value in given.items()}
        return validated(values, self._origins | flagged)


def is_secret(name: str) -> bool:
    """Whether the setting ``name`` is never printed."""
    annotation = Settings.model_fields[name].annotation
    return annotation is SecretStr or SecretStr in get_args(annotation)


def _type_of(name: str | None) -> object:
    return Settings.model_fields[name].annotation if name else None
