"""Every error that a user can meet, in one tree.

Each message is one sentence or two: what is wrong, and what to do next. The edges (commands and
pages) print the message and nothing else; a traceback is shown only with ``--debug``.

    RagError                         exit status 1
    ├── UsageError                   exit status 2: the call itself is wrong
    │   └── SettingsError            an unknown setting, or a value out of range
    ├── MissingExtraError            a package that an option needs is not installed
    ├── MissingKeyError              a provider needs a key that is not set
    ├── DocumentError                one file cannot be ingested; the others go on
    │   ├── DocumentSkippedError     nothing to ingest in it (empty, no text, unknown type)
    │   └── DocumentUnreadableError  broken, encrypted, too large, not permitted
    ├── EmbeddingError               an embedding model cannot be loaded or does not answer
    │   └── EmbeddingMismatchError   the collection was built with another model
    ├── StoreError                   the catalog or the vector store
    │   ├── CollectionNotFoundError
    │   ├── CollectionExistsError
    │   ├── CollectionSwitchedError  it changed over to another index while one waited
    │   ├── StoreBusyError           another process holds the collection
    │   ├── StoreUnavailableError    a server that does not answer, a full disk
    │   └── StoreVersionError        written by a newer version of this application
    ├── RerankError                  a reranker cannot be loaded, or gives no order
    └── AnswerError                  the language model cannot be loaded or does not answer
"""

from __future__ import annotations

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_PARTIAL = 3


class RagError(Exception):
    """Root of all errors that this application raises on purpose."""

    exit_status = EXIT_ERROR


class UsageError(RagError):
    """The call is wrong: an unknown option, a missing path, an impossible value."""

    exit_status = EXIT_USAGE


class SettingsError(UsageError):
    """A setting is unknown, malformed or out of range."""


class MissingExtraError(RagError):
    """An optional package is not installed; the message gives the install command."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the optional packages of the extra '{extra}'. "
            f"Install them with: pip install 'rag-app[{extra}]'"
        )


class MissingKeyError(RagError):
    """A provider needs an API key; the message names the variable to set."""

    def __init__(self, provider: str, variable: str) -> None:
        super().__init__(f"{provider} needs an API key. Set the variable {variable} and try again.")


class DocumentError(RagError):
    """One file cannot be ingested."""


class DocumentSkippedError(DocumentError):
    """A file with nothing to ingest: empty, without text, or of an unknown type."""


class DocumentUnreadableError(DocumentError):
    """A file that is broken, encrypted, too large or not permitted."""


class EmbeddingError(RagError):
    """An embedding model cannot be loaded, or does not answer."""


class EmbeddingMismatchError(EmbeddingError):
    """A collection is opened with another embedding model than it was built with."""


class StoreError(RagError):
    """The catalog or the vector store cannot do what was asked."""


class CollectionNotFoundError(StoreError):
    """No collection has this name."""


class CollectionExistsError(StoreError):
    """A collection has this name already."""


class CollectionSwitchedError(StoreError):
    """A collection changed over to another index while somebody waited to write to it."""


class StoreBusyError(StoreError):
    """Another process is writing to the collection."""


class StoreUnavailableError(StoreError):
    """The store does not answer, or cannot be written."""


class StoreVersionError(StoreError):
    """The store was written by a newer version of this application."""


class RerankError(RagError):
    """A reranker cannot be loaded, or gives no order."""


class AnswerError(RagError):
    """The language model cannot be loaded, or does not answer."""
