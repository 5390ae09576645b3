"""The cleaning profile ``bag-of-words``: what classic guides take out of a text before counting.

Case, web addresses, mentions (``@name``), punctuation, numbers and whatever has a digit in it,
words of one or two letters, and the function words of the language that the text is in. It changes
what a model reads of a passage or a question, never what is shown or quoted. A spec has it as an
option, ``tfidf?clean=bag-of-words``, for models of counted words and of word vectors alone: any
other model reads sentences, and would be given broken ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from rag_app.embeddings.model_files import find_model, looks_like_file
from rag_app.embeddings.spec import ModelSpec, parse_spec
from rag_app.embeddings.words import MAX_WORDS, is_unspaced, read_words
from rag_app.errors import UsageError
from rag_app.settings import Settings
from rag_app.types.languages import STOP_WORDS, guess

if TYPE_CHECKING:
    from rag_app.embeddings.vocabulary import VocabularyEmbeddings

OPTION = "clean"
NAME = "bag-of-words"
_VERSION = 1
"""Raised when the profile takes out something else: vectors of both do not compare."""
_SHORTEST = 3
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_MENTION = re.compile(r"(?<![\w.])@\w+")


def without_option(spec: ModelSpec, providers: Mapping[str, bool]) -> tuple[ModelSpec, bool]:
    """A spec without the option ``clean``, and whether it had it.

    Args:
        spec: Any.
        providers: Every provider, and whether its models count words or average their vectors.

    Raises:
        UsageError: It is not for such a model, or is no profile there is.
    """
    if OPTION not in spec.options:
        return spec, False
    if spec.options[OPTION] != NAME:
        raise UsageError(f"'{spec}': {OPTION} is {NAME}, or is left out.")
    if not providers[spec.provider]:
        raise UsageError(
            f"{spec.provider} reads sentences, and cleaning would leave it broken ones: "
            f"{NAME} is for {', '.join(name for name, fits in providers.items() if fits)}. "
            "Leave it out, or choose one of those."
        )
    rest = {name: value for name, value in spec.options.items() if name != OPTION}
    return replace(spec, options=rest), True


def fitted_so(spec: ModelSpec, settings: Settings) -> bool:
    """Whether a saved model was fitted on cleaned texts, and reads cleaned ones ever after."""
    if not spec.model or looks_like_file(spec.model):
        return False
    return find_model(spec.provider, spec.model, settings).options.get(OPTION) == NAME


def with_profile(model: VocabularyEmbeddings, *, named: bool) -> None:
    """Has a model read cleaned words; its vectors are those of another model from then on.

    Args:
        model: Any that has a vocabulary.
        named: Whether its spec says so; a model that was fitted so needs no word about it.
    """
    identity = model.identity
    profile = f"{identity.fingerprint} {NAME} {_VERSION}"
    fingerprint = hashlib.sha256(profile.encode()).hexdigest()
    spec = str(with_option(parse_spec(identity.spec))) if named else identity.spec
    model.change_reading(clean_words, replace(identity, spec=spec, fingerprint=fingerprint))


def with_option(spec: ModelSpec) -> ModelSpec:
    """A spec with the profile among its options."""
    return replace(spec, options={**spec.options, OPTION: NAME})


def clean_words(text: str, limit: int = MAX_WORDS) -> list[str]:
    """The words that are left of a text, the first ``limit`` of them.

    >>> clean_words("Ask @support: the pumps lift 55 litres, see https://example.com/pumps")
    ['ask', 'pumps', 'lift', 'litres', 'see']
    """
    bare = _MENTION.sub(" ", _ADDRESS.sub(" ", text))
    found = [word.casefold() for word in read_words(bare, limit)]
    stop_words = STOP_WORDS[guess(found)]
    return [word for word in found if _tells(word) and word not in stop_words]


def _tells(word: str) -> bool:
    """Whether a word is neither short nor has a digit in it; pairs of ideographs are words."""
    return (len(word) >= _SHORTEST or is_unspaced(word)) and not any(map(str.isdigit, word))
