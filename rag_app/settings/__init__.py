"""Settings: one frozen model, filled from defaults, ``rag.toml``, ``RAG_*`` variables and flags.

Each source overrides the one before it, and each value remembers where it came from. This package
is the only reader of the environment and of ``rag.toml``. A wrong value fails here, at load, with
a sentence that names it.
"""

from rag_app.settings.model import Settings, is_secret
from rag_app.settings.sources import (
    FILE_NAME,
    FILE_VARIABLE,
    KEY_VARIABLES,
    PREFIX,
    load_settings,
    parse_assignments,
)
from rag_app.settings.values import (
    Assigned,
    Origin,
    Source,
    check_collection_name,
    without_credentials,
)

__all__ = [
    "FILE_NAME",
    "FILE_VARIABLE",
    "KEY_VARIABLES",
    "PREFIX",
    "Assigned",
    "Origin",
    "Settings",
    "Source",
    "check_collection_name",
    "is_secret",
    "load_settings",
    "parse_assignments",
    "without_credentials",
]
