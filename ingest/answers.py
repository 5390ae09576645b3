"""The answers of worker processes, read without trust in them."""

from __future__ import annotations

import pickle
from typing import IO

from ingest.messages import Message

_ALLOWED = {
    ("ingest.listing", "Listing"),
    ("ingest.listing", "Member"),
    ("ingest.messages", "Opened"),
    ("ingest.messages", "Part"),
    ("ingest.messages", "Refused"),
    ("ingest.messages", "Seen"),
    ("ingest.messages", "StillReading"),
    ("ingest.messages", "Summary"),
    ("ingest.messages", "ToConvert"),
    ("ingest.sections", "Section"),
    ("rag_app.types.documents", "CleanPage"),
    ("rag_app.types.documents", "Heading"),
    ("rag_app.types.documents", "LoadedDocument"),
    ("rag_app.types.documents", "Page"),
}


def read_answer(stream: IO[bytes]) -> Message:
    """The next answer; raises whatever ``pickle`` does where it is cut off, or is none."""
    message: Message = _Answers(stream).load()
    return message


class _Answers(pickle.Unpickler):
    """Reads only what a worker has to say: one that a file took over can make nothing run here."""

    def find_class(self, module: str, name: str) -> object:
        """The few classes of answers."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is no answer")
        return super().find_class(module, name)
