"""How much text files hold, before they are ingested: for what a hosted model would charge."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ingest.files import select
from ingest.listing import Member, list_archive
from ingest.load import LoadOptions, format_of, load_document
from rag_app.embeddings.estimate import estimate_tokens
from rag_app.errors import DocumentError, DocumentSkippedError
from rag_app.types import LoadedDocument
from rag_app.types.archives import is_archive
from rag_app.types.media import PRINTED

_FILES, _SECONDS = 200, 10.0
"""Files that are read at most, and for how long; the others are taken to be like them."""
_SCANNED_TOKENS, _SCANNED_BYTES = 500, 100_000
"""Of a page that is an image."""


def tokens_in(paths: Iterable[str | Path], options: LoadOptions) -> tuple[int, int]:
    """Files that some paths mean, and about how many tokens of text they hold together.

    Files of no known format do not count. Those that are not read, because there are very many,
    are taken to hold as much for their size.
    """
    sizes = dict(_sizes(select(paths).files, options))
    order = _spread(list(sizes))
    until = time.monotonic() + _SECONDS
    tokens = read = 0
    for number, path in enumerate(order):
        if number >= _FILES or (number and time.monotonic() > until):
            break
        read += sizes[path]
        with suppress(Exception):  # one untrusted file: the ingestion says what is wrong with it
            tokens += _tokens(path, sizes[path], options)
    return len(sizes), round(tokens * sum(sizes.values()) / read) if read else 0


def _sizes(paths: Iterable[Path], options: LoadOptions) -> Iterator[tuple[Path, int]]:
    """Files of known formats with their sizes, those in archives among them."""
    for path in filter(_is_known, paths):
        members: tuple[Member, ...] = ()
        if is_archive(path.name):
            with suppress(DocumentError, OSError):
                members = list_archive(path, options).members
        for member in members:
            if member.digest:
                yield path / member.name, member.size
        if not members:
            yield path, path.stat().st_size


def _is_known(path: Path) -> bool:
    with suppress(DocumentError, OSError):
        format_of(path)
        return path.is_file()
    return False


def _spread(paths: Sequence[Path]) -> list[Path]:
    """All paths, in an order whose beginning comes from everywhere among them."""
    step = max(1, len(paths) // _FILES)
    return [path for first in range(step) for path in paths[first::step]]


def _tokens(path: Path, size: int, options: LoadOptions) -> int:
    """Tokens of one file; recognising scanned pages takes too long, they are taken to be usual."""
    if options.ocr == "off" or format_of(path).media_type not in PRINTED:
        return _counted(load_document(path, options))
    try:
        loaded = load_document(path, replace(options, ocr="off"))
    except DocumentSkippedError:
        return _SCANNED_TOKENS * max(1, size // _SCANNED_BYTES)
    return _counted(loaded) + _SCANNED_TOKENS * sum(not one.text.strip() for one in loaded.pages)


def _counted(loaded: LoadedDocument) -> int:
    return sum(estimate_tokens(page.text) for page in loaded.pages)
