"""Languages as the keyword index asks for them; see ``rag_app.types.languages``."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice

from rag_app.store.terms import words
from rag_app.types.languages import DEFAULT, STOP_WORDS, guess, is_stop_word, told

__all__ = ["DEFAULT", "SAMPLE", "STOP_WORDS", "guess", "is_stop_word", "sample", "spoken", "told"]

SAMPLE = 2000
"""Words by which the language of a document is told."""


def sample(texts: Iterable[str]) -> list[str]:
    """The first words of a document, enough to tell its language by."""
    return list(islice(chain.from_iterable(map(words, texts)), SAMPLE))


def spoken(texts: Iterable[str]) -> str:
    """ISO 639-1 code of the language that a document is in; empty where that cannot be told."""
    return told(sample(texts))
