"""Which language a text is in, told by py3langid, and which stemmer goes with it.

The model (Lui and Baldwin, "langid.py", ACL 2012; trained anew for the fork) is a naive Bayes
classifier over byte n-grams. ``benchmarks/languages.py`` says how often it is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from threading import Lock
from typing import TYPE_CHECKING

from rag_app.errors import StoreUnavailableError
from rag_app.store.faults import system_explained
from rag_app.types.kinds import LANGUAGES
from rag_app.types.languages import DEFAULT

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SAMPLE = 6000
"""Characters by which the language of a document is told."""

_LEAST = 24
"""Bytes of letters from which on a language is told: five words of a Latin script, eight Chinese
characters."""

_SURE = 0.6
"""Least probability. Of 2,895 short documents in 62 languages 10 are left open by it, and none gets
another language than its own."""

_NO_LANGUAGE = "zxx"
"""What the model calls numbers, codes and keys."""

_UNPACKING = Lock()

_WITHOUT_STEMMER = frozenset({"hi", "ne", "ta"})
"""Snowball stems these, but ``terms.words`` cuts their words at vowel signs."""


def sample(texts: Iterable[str]) -> str:
    """The beginning of a document, enough to tell its language by."""
    read: list[str] = []
    left = SAMPLE
    for text in texts:
        read.append(text[:left])
        left -= len(text) + 1
        if left <= 0:
            break
    return "\n".join(read)


def told(text: str) -> str:
    """ISO 639-1 code of the language that a text is in; empty where that is not plain.

    A text in several languages has that of most of it.

    Raises:
        StoreUnavailableError: There is no room for the model, which is unpacked on the disk.
    """
    letters = "".join(filter(str.isalpha, text))
    if len(letters.encode()) < _LEAST:
        return ""
    code, probability = _identifier().classify(text)
    return code if code in LANGUAGES and probability >= _SURE else ""


def make_ready() -> None:
    """Unpacks the model, which ``told`` would do, while there is something else to wait for."""
    with suppress(StoreUnavailableError):  # raised again where a language is asked for
        _identifier()


def stemmer_of(code: str) -> str:
    """The name of the stemmer for a language; the English one where there is none.

    English stems did no harm to Spanish and German (XQuAD, nDCG@10: +0.007 against no stemming).

    Args:
        code: ISO 639-1; empty where the language is not told.
    """
    return LANGUAGES[code] if code in _stemmed() else DEFAULT


@cache
def _stemmed() -> frozenset[str]:
    import snowballstemmer

    names = set(snowballstemmer.algorithms())
    return frozenset(c for c, name in LANGUAGES.items() if name in names) - _WITHOUT_STEMMER


def _identifier() -> LanguageIdentifier:
    with _UNPACKING:
        return _unpacked()


@cache
def _unpacked() -> LanguageIdentifier:
    """The model, about 80 MB of memory and most of a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    with system_explained(Path(gettempdir())):
        identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([*LANGUAGES, _NO_LANGUAGE])
    return identifier
