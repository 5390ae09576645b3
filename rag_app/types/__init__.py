"""Values that pass between the stages: frozen, without behaviour beyond what follows from them.

Offsets are in characters of a page's *cleaned* text, page numbers are 1-based, scores are larger
for better, durations are seconds.
"""

from rag_app.types.answers import (
    Answer,
    AnswerEvent,
    AnswerToken,
    Citation,
    Role,
    Turn,
)
from rag_app.types.documents import (
    CleanPage,
    DocumentRecord,
    FileOutcome,
    FileState,
    Heading,
    LoadedDocument,
    Page,
)
from rag_app.types.filters import Filter
from rag_app.types.media import MARKDOWN, PDF, TEXT
from rag_app.types.metadata import Metadata
from rag_app.types.passages import (
    ROW,
    Chunk,
    ChunkingIdentity,
    EmbeddingIdentity,
    Hit,
    columns_of,
    page_name,
    titles_of,
)

__all__ = [
    "MARKDOWN",
    "PDF",
    "ROW",
    "TEXT",
    "Answer",
    "AnswerEvent",
    "AnswerToken",
    "Chunk",
    "ChunkingIdentity",
    "Citation",
    "CleanPage",
    "DocumentRecord",
    "EmbeddingIdentity",
    "FileOutcome",
    "FileState",
    "Filter",
    "Heading",
    "Hit",
    "LoadedDocument",
    "Metadata",
    "Page",
    "Role",
    "Turn",
    "columns_of",
    "page_name",
    "titles_of",
]
