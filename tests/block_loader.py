"""A loader that gives its document in two blocks or more; a file's first word says what happens."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from ingest.load import LoadOptions, RawFile
from rag_app.errors import DocumentUnreadableError
from rag_app.types import TEXT, LoadedDocument, Page

LARGE = 300_000
"""Characters of a block that no pipe takes as a whole."""
BLOCKS = 12
_PATIENCE_S = 60.0


def load_blocks(file: RawFile, _options: LoadOptions) -> Iterator[LoadedDocument]:
    what, _, text = file.data.decode().partition(" ")
    if what == "large":
        yield from (_block(number + 1, "word " * (LARGE // 5)) for number in range(BLOCKS))
        return
    yield _block(1, text)
    if what == "waits":  # for the reader, who has the first block by then
        until = time.monotonic() + _PATIENCE_S
        while not file.path.with_suffix(".go").exists() and time.monotonic() < until:
            time.sleep(0.01)
    elif what == "broken":
        raise DocumentUnreadableError(f"{file.name} is broken on page 2. Export it again.")
    elif what == "crashes":
        os.abort()
    yield _block(2, text)


def _block(number: int, text: str) -> LoadedDocument:
    return LoadedDocument(TEXT, (Page(number, text),))
