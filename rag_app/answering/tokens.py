"""How many tokens a text is to a language model: counted where that is possible offline.

tiktoken fetches its encodings when they are first used. That must not happen here, so an encoding
is read only where its file lies in tiktoken's own cache already, and checked; for every other
model the number is estimated, on the safe side.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tempfile
from collections.abc import Callable
from functools import cache
from math import ceil
from pathlib import Path
from types import FunctionType

TokenCounter = Callable[[str], int]

_CACHE_FOLDER = "data-gym-cache"
"""Below the temporary folder, where tiktoken keeps its files unless told otherwise."""

_ENCODINGS = frozenset({"cl100k_base", "o200k_base"})
"""Those of OpenAI's chat models; the older ones are of models that do not chat."""

_PIECE = re.compile(r"[a-zA-Z]+|\d|[^\W\d_]|[^\s]")


def token_counter(provider: str, model: str, cache_dir: Path | None = None) -> TokenCounter:
    """The counter for a model: exact for OpenAI's where its encoding is there, else an estimate.

    Args:
        provider: Of the model spec.
        model: Name there.
        cache_dir: Where tiktoken keeps its files; its default unless given.
    """
    if provider != "openai":
        return estimate_tokens
    folder = cache_dir or Path(tempfile.gettempdir()) / _CACHE_FOLDER
    return _tiktoken_counter(model, folder) or estimate_tokens


def estimate_tokens(text: str) -> int:
    """An estimate that is seldom too low: Latin letters by fours, every other sign for itself.

    English prose comes out about a third too high, numbers and other scripts about right.
    """
    return sum(
        ceil(len(piece) / 4) if piece.isascii() and piece.isalpha() else 1 + (piece > "\u02ff")
        for piece in _PIECE.findall(text)
    )


@cache
def _tiktoken_counter(model: str, folder: Path) -> TokenCounter | None:
    if not folder.is_dir():
        return None
    from tiktoken import Encoding
    from tiktoken.model import encoding_name_for_model
    from tiktoken_ext.openai_public import ENCODING_CONSTRUCTORS  # type: ignore[import-untyped]

    try:
        name = encoding_name_for_model(model)
    except KeyError:
        return None
    if name not in _ENCODINGS:
        return None
    constructor = ENCODING_CONSTRUCTORS[name]

    def load(url: str, expected_hash: str) -> dict[bytes, int]:
        return _cached_ranks(folder, url, expected_hash)

    # The constructor's own code with our loader in place of the one that fetches: no patch of
    # the library, which other threads may be using.
    offline = FunctionType(
        constructor.__code__, {**constructor.__globals__, "load_tiktoken_bpe": load}
    )
    try:
        encoding = Encoding(**offline())
    except FileNotFoundError:
        return None
    return lambda text: len(encoding.encode_ordinary(text))


def _cached_ranks(folder: Path, url: str, expected_hash: str) -> dict[bytes, int]:
    name = hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
    data = (folder / name).read_bytes()
    if hashlib.sha256(data).hexdigest() != expected_hash:
        raise FileNotFoundError(f"{folder / name} is not the file of {url}")
    lines = (line.split() for line in data.splitlines() if line)
    return {base64.b64decode(token): int(rank) for token, rank in lines}
