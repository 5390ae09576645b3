"""Words to be searched by a model's vectors: loaded or embedded once, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.errors import UsageError
from rag_app.settings import Settings
from rag_app.store import CollectionInfo
from rag_app.ui.models_choice import Choice
from rag_app.ui.resources import Resources
from rag_app.ui.shelf import Shelf
from rag_app.ui.work import Work

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.evaluation import WordSpace

SPACES = 2
"""Kept; that of GloVe takes 160 MB."""
ANSWERS = 64
NEAREST = 10


@dataclass(frozen=True, slots=True)
class Found:
    """What a model says of words.

    Attributes:
        words: Nearest first, with their cosines; None where two words were compared.
        cosine: Of the two.
        unknown: The sentence of the model that does not know a word; empty where it does.
    """

    words: Sequence[tuple[str, float]] | None = None
    cosine: float = 0.0
    unknown: str = ""


def embeddings_of(settings: Settings, spec: str) -> IdentifiedEmbeddings:
    """The model; one without a vocabulary behind the cache, which keeps its words."""
    from rag_app.embeddings import cached, load_embeddings
    from rag_app.evaluation.word_space import HasVocabulary

    embeddings = load_embeddings(spec, settings)
    return embeddings if isinstance(embeddings, HasVocabulary) else cached(embeddings, settings)


def space_of(
    shared: Resources, info: CollectionInfo | None, spec: str, *, listed: bool
) -> Work[WordSpace]:
    """What is searched: the model's own vocabulary, or else the words of the collection.

    Args:
        shared: The process's resources.
        info: The collection; None where there is none.
        spec: The model.
        listed: Whether words are searched at all, rather than two compared.
    """

    def make(work: Work[WordSpace]) -> WordSpace:
        from rag_app.evaluation import word_space

        embeddings = embeddings_of(shared.settings, spec)
        if (own := word_space.own_space(embeddings)) is not None:
            return own
        if not listed:
            return word_space.space_of(embeddings, [], "words")
        if info is None:
            raise UsageError(
                f"{spec} has no list of words, so those of a collection are searched, and there is "
                "none. Add documents, or choose a model with words of its own, such as "
                "glove:6B-50d."
            )
        given = word_space.frequent_words(shared.store.get(info.name))
        what = f"most frequent words of the collection '{info.name}'"
        return word_space.space_of(embeddings, given, what, work.note)

    about = (info.name, info.created_at, info.updated_at) if info else None
    return spaces().get((spec, listed, about), make)


def asked_of(space: WordSpace, chosen: Choice) -> Work[Found]:
    """Asks for what is chosen."""
    asking, word, text = chosen.asking, chosen.word.strip(), chosen.sum.strip()
    first, second = chosen.first.strip(), chosen.second.strip()

    def make(_: Work[Found]) -> Found:
        from rag_app.evaluation import words

        try:
            if asking == "similarity":
                return Found(cosine=words.similarity(space, first, second))
            if asking == "analogy":
                return Found(words.analogy(space, *words.parse_analogy(text), NEAREST))
            return Found(words.similar(space, word, NEAREST))
        except UsageError as error:  # no failure: it is what the model says
            return Found(unknown=str(error))

    key = (id(space), asking, word, text, first, second)
    return answers().get(key, make, quick=True)


@st.cache_resource(show_spinner=False)
def spaces() -> Shelf[WordSpace]:
    """The words of this process."""
    return Shelf(SPACES, at_once=1)


@st.cache_resource(show_spinner=False)
def answers() -> Shelf[Found]:
    """What was asked of them."""
    return Shelf(ANSWERS, at_once=2)
