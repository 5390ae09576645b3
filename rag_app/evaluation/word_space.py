"""Which words a model is searched in, and the vectors of given words."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from rag_app.answering.words import is_function_word
from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.embeddings.words import words
from rag_app.evaluation.project import unit
from rag_app.evaluation.words import WordSpace

if TYPE_CHECKING:
    from rag_app.store import Collection

OWN_WORDS = 2000
"""Words of a collection that are searched; a model embeds some hundreds in a second."""

_PASSAGES = 5000
_BATCH = 256

Progress = Callable[[int, int], None]
"""Told how many words of how many are embedded."""


@runtime_checkable
class HasVocabulary(Protocol):
    """A model that is a list of words with a vector each, the most frequent word first."""

    @property
    def vocabulary(self) -> Sequence[str]:
        """Its words."""
        ...

    @property
    def vectors(self) -> Vectors:
        """Their vectors, of shape (words, dimension)."""
        ...


def own_space(embeddings: IdentifiedEmbeddings) -> WordSpace | None:
    """The model's own vocabulary; None for a model without one."""
    if not isinstance(embeddings, HasVocabulary):
        return None
    model, vocabulary = embeddings.identity.spec, embeddings.vocabulary
    searched = f"the {len(vocabulary):,} words that {model} has vectors for"
    vectors = unit(np.asarray(embeddings.vectors))
    return WordSpace(model, vocabulary, vectors, searched, embeddings.word_vector)


def space_of(
    embeddings: IdentifiedEmbeddings,
    given: Sequence[str],
    what: str,
    progress: Progress | None = None,
) -> WordSpace:
    """A space of given words; those that the model does not know are left out.

    Args:
        embeddings: The model.
        given: Distinct words, the most frequent first.
        what: What they are: "words of the collection 'default'".
        progress: Told how far it is.
    """
    known = word_vectors(embeddings, given, progress)
    names = tuple(word for word in given if word in known)
    matrix = np.stack([known[word] for word in names]) if names else np.empty((0, 0), np.float32)
    if not names:
        matrix = np.empty((0, embeddings.identity.dimension), np.float32)
    searched = f"{len(names):,} {what}, as {embeddings.identity.spec} embeds them"
    return WordSpace(embeddings.identity.spec, names, matrix, searched, embeddings.word_vector)


def word_vectors(
    embeddings: IdentifiedEmbeddings, given: Sequence[str], progress: Progress | None = None
) -> dict[str, Vectors]:
    """The vector of each word at length 1; words that the model does not know are left out."""
    found: dict[str, Vectors] = {}
    for first in range(0, len(given), _BATCH):
        batch = given[first : first + _BATCH]
        for word, vector in zip(batch, _vectors(embeddings, batch), strict=True):
            if vector is not None and vector.any():
                found[word] = unit(vector[None])[0]
        if progress:
            progress(min(first + _BATCH, len(given)), len(given))
    return found


def frequent_words(collection: Collection, most: int = OWN_WORDS) -> list[str]:
    """The most frequent words of a collection that are about something, as they are mostly written.

    Of very large collections 5,000 passages are read.
    """
    ids = collection.chunk_ids()
    if len(ids) > _PASSAGES:
        ids = sorted(random.Random(0).sample(ids, _PASSAGES))  # noqa: S311 - nothing secret
    forms: dict[str, Counter[str]] = {}
    for chunk, _ in collection.fetch(ids).values():
        for word in words(chunk.text):
            if len(word) > 1 and not is_function_word(word) and not any(map(str.isdigit, word)):
                forms.setdefault(word.casefold(), Counter())[word] += 1
    ranked = sorted(forms, key=lambda word: (-forms[word].total(), word))[:most]
    return [min(forms[word], key=lambda f: (-forms[word][f], f)) for word in ranked]


def _vectors(
    embeddings: IdentifiedEmbeddings, batch: Sequence[str]
) -> Sequence[Vectors | None] | Vectors:
    # A model that reads any text embeds many at once; one with a vocabulary looks each one up.
    if embeddings.count_unknown(batch[:1]) is None:
        return embeddings.encode_documents(batch)
    return [embeddings.word_vector(word) for word in batch]
