"""How much text files hold, before they are ingested: for what a hosted model would charge."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from ingest.files import select
from ingest.load import LoadOptions, format_of, load_document
from rag_app.embeddings.estimate import estimate_tokens
from rag_app.errors import DocumentError
from rag_app.types import LoadedDocument

_FILES, _SECONDS = 200, 10.0
"""Files that are read at most, and for how long; the others are taken to be like them."""


def tokens_in(paths: Iterable[str | Path], options: LoadOptions) -> tuple[int, int]:
    """Files that some paths mean, and about how many tokens of text they hold together.

    Files of no known format do not count. Those that are not read, because there are very many,
    are taken to hold as much for their size.
    """
    sizes = {path: path.stat().st_size for path in select(paths).files if _is_known(path)}
    order = _spread(list(sizes))
    until = time.monotonic() + _SECONDS
    tokens = read = 0
    for number, path in enumerate(order):
        if number >= _FILES or (number and time.monotonic() > until):
            break
        read += sizes[path]
        with suppress(Exception):  # one untrusted file: the ingestion says what is wrong with it
            tokens += _tokens(load_document(path, options))
    return len(sizes), round(tokens * sum(sizes.values()) / read) if read else 0


def _is_known(path: Path) -> bool:
    with suppress(DocumentError, OSError):
        format_of(path)
        return path.is_file()
    return False


def _spread(paths: Sequence[Path]) -> list[Path]:
    """All paths, in an order whose beginning comes from everywhere among them."""
    step = max(1, len(paths) // _FILES)
    return [path for first in range(step) for path in paths[first::step]]


def _tokens(loaded: LoadedDocument) -> int:
    return sum(estimate_tokens(page.text) for page in loaded.pages)
