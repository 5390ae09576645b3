"""Words near a word, and analogies: what an embedding model takes to be alike.

A model with a vocabulary is searched in its own; for the others the words of a collection are
embedded and searched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from rag_app.embeddings.base import Vectors
from rag_app.errors import UsageError
from rag_app.evaluation.project import unit

_SIGN = re.compile(r"(?:^|(?<=\s))([+\-−–])")
_NEAR = 3
_COMPARED = 20_000
"""Words that are compared with an unknown one letter by letter."""


@dataclass(frozen=True, slots=True)
class WordSpace:
    """Words that can be searched by a model's vectors.

    Attributes:
        model: Its spec.
        words: Distinct, the most frequent first.
        vectors: Of ``words``, at length 1 (zero vectors stay zero); shape (words, dimension).
        searched: What ``words`` are, to be shown with every result.
        lookup: The vector of any text that the model takes for a word; None if it is unknown.
    """

    model: str
    words: Sequence[str]
    vectors: Vectors
    searched: str
    lookup: Callable[[str], Vectors | None]


def similar(space: WordSpace, word: str, n: int = 10) -> list[tuple[str, float]]:
    """The n words nearest to ``word`` with their cosines, nearest first; not the word itself.

    Raises:
        UsageError: The model does not know the word.
    """
    return _nearest(space, vector_of(space, word), n, [word])


def similarity(space: WordSpace, first: str, second: str) -> float:
    """The cosine of two words.

    Raises:
        UsageError: The model does not know one of them.
    """
    return float(vector_of(space, first) @ vector_of(space, second))


def analogy(
    space: WordSpace, plus: Sequence[str], minus: Sequence[str], n: int = 10
) -> list[tuple[str, float]]:
    """The n words nearest to the sum of ``plus`` less the sum of ``minus``, and their cosines.

    The vectors are added at length 1, and no word of the question can be an answer: 3CosAdd
    (Mikolov, Yih and Zweig 2013; Levy and Goldberg 2014).

    Raises:
        UsageError: The model does not know one of the words.
    """
    signed = [(1, word) for word in plus] + [(-1, word) for word in minus]
    total = np.sum([sign * vector_of(space, word) for sign, word in signed], axis=0)
    return _nearest(space, np.asarray(total, np.float32), n, [*plus, *minus])


def parse_analogy(text: str) -> tuple[list[str], list[str]]:
    """Reads ``rey - hombre + mujer``; a sign counts where white space or nothing is before it.

    Returns:
        The words with plus and those with minus; a term may be several words (``New York``).

    Raises:
        UsageError: There is nothing to add, or no sign, or a sign without a word.
    """
    parts = [" ".join(part.split()) for part in _SIGN.split(text.strip())]
    parts = parts[1:] if parts[0] == "" else ["+", *parts]
    terms = list(zip(parts[::2], parts[1::2], strict=False))
    plus = [word for sign, word in terms if sign == "+"]
    minus = [word for sign, word in terms if sign != "+"]
    if len(terms) < 2 or not plus or not all(plus + minus):
        raise UsageError(
            f"'{text}' is no sum of words. Write it like this, with a space before each sign: "
            '"rey - hombre + mujer".'
        )
    return plus, minus


def vector_of(space: WordSpace, word: str) -> Vectors:
    """The vector of a word at length 1; of several words, if they have none together, the mean.

    Raises:
        UsageError: The model does not know it; the message has near spellings.
    """
    word = " ".join(word.split())
    if not word:
        raise UsageError("A word is empty. Write at least one letter.")
    parts = word.split()
    for form in (word, "_".join(parts)):
        if (vector := _known(space, form)) is not None:
            return vector
    found = [_known(space, part) for part in parts] if len(parts) > 1 else [None]
    known = [vector for vector in found if vector is not None]
    if len(known) < len(parts):
        unknown = next(p for p, v in zip(parts, found, strict=True) if v is None)
        raise UsageError(f"{space.model} has no vector for '{unknown}'. {_hint(space, unknown)}")
    return _unit(np.mean(known, axis=0))


def _known(space: WordSpace, word: str) -> Vectors | None:
    vector = space.lookup(word)
    # A zero vector is how a model says that there is no word in it that it knows.
    return _unit(vector) if vector is not None and vector.any() else None


def _unit(vector: Vectors) -> Vectors:
    return np.asarray(unit(vector[None])[0], np.float32)


def _nearest(
    space: WordSpace, vector: Vectors, n: int, without: Sequence[str]
) -> list[tuple[str, float]]:
    cosines = space.vectors @ _unit(vector)
    left_out = {part.casefold() for word in without for part in (word, *word.split())}
    best = np.argsort(-cosines, kind="stable")[: n + 8 * len(left_out)]
    answers = ((space.words[i], float(cosines[i])) for i in best)
    return [(word, cosine) for word, cosine in answers if word.casefold() not in left_out][:n]


def _hint(space: WordSpace, word: str) -> str:
    near = get_close_matches(word.casefold(), list(_of_like_length(space, word)), _NEAR)
    if near:
        return f"It knows {', '.join(near)}."
    return "Try another word, or a model that reads any text, such as minilm."


def _of_like_length(space: WordSpace, word: str) -> Iterator[str]:
    """Words that may be a spelling of ``word``: of its first or last letter and like length."""
    letter, last, length = word[0].casefold(), word[-1].casefold(), len(word)
    count = 0
    for other in space.words:
        if abs(len(other) - length) <= 2 and (
            other[:1].casefold() == letter or other[-1:].casefold() == last
        ):
            yield other
            count += 1
            if count == _COMPARED:
                return
