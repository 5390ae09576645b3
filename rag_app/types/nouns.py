"""The noun that goes with a number."""

from __future__ import annotations


def counted(number: int, thing: str, things: str = "") -> str:
    """A number with its noun: ``1 document``, ``1,200 documents``.

    Args:
        number: How many.
        thing: What one is called.
        things: What several are called; ``thing`` with an s unless given.
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
