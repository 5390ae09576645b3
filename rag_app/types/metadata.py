"""What users say of their documents: pairs of a key and a value, of which filters ask.

A key may have several values (``tag=pump``, ``tag=garden``); all are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag_app.errors import UsageError

Metadata = tuple[tuple[str, str], ...]
"""Pairs in ascending order, none twice. In a change, an empty value takes its key out."""

LONGEST = 200
"""Characters of a key or a value."""

_KEY = re.compile(r"\w[\w.-]*")


def parse_metadata(given: Iterable[str]) -> Metadata:
    """Reads ``KEY=VALUE``; ``KEY=`` is for taking a key out.

    Raises:
        UsageError: One has no such form.
    """
    pairs = []
    for text in given:
        key, sign, value = (part.strip() for part in text.partition("="))
        if not sign:
            raise UsageError(f"'{text}' is no metadata. Write KEY=VALUE, such as team=sales.")
        pairs.append((checked_key(key), _checked_value(key, value)))
    return in_order(pairs)


def checked_key(key: str) -> str:
    """The key, if it can be one.

    Raises:
        UsageError: It is empty, too long, or has other signs than letters, digits, and ``_ - .``
    """
    if not _KEY.fullmatch(key) or len(key) > LONGEST:
        raise UsageError(
            f"'{key[:LONGEST]}' cannot be a key of metadata. "
            "Use letters, digits, '_', '-' and '.', such as team or cost-centre."
        )
    return key


def changed(metadata: Metadata, change: Metadata) -> Metadata:
    """The metadata after a change: the keys that it names have its values, the others their own."""
    named = {key for key, _ in change}
    kept = (pair for pair in metadata if pair[0] not in named)
    return in_order([*kept, *(pair for pair in change if pair[1])])


def in_order(pairs: Iterable[tuple[str, str]]) -> Metadata:
    """The pairs as they are kept."""
    return tuple(sorted(set(pairs)))


def _checked_value(key: str, value: str) -> str:
    if len(value) > LONGEST or not (value.isprintable() or not value):
        raise UsageError(
            f"The value of {key} is too long, or not text: "
            f"it may have {LONGEST} characters in one line."
        )
    return value
