"""Training word vectors with gensim: the same texts and options always give the same vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from rag_app.embeddings.spec import ModelSpec
from rag_app.embeddings.trained import Progress
from rag_app.embeddings.word_matrix import MatrixWriter
from rag_app.embeddings.word_vectors import weighting_of
from rag_app.embeddings.words import folded_words
from rag_app.errors import EmbeddingError, MissingExtraError

OPTIONS = ("dimension", "epochs", "min_count", "sg", "weighting", "window")
EXTRA = "words"
MIN_COUNT = 2
LEAST_WORDS = 1000
LEAST_VOCABULARY = 20
_LONGEST = 5000  # gensim cuts a text off after 10,000 words, without a word about it
_MOST_EPOCHS, _LEAST_EPOCHS = 20, 5
_WORDS_READ = 20_000_000  # all epochs together, where their number is not given: ten minutes


@dataclass(frozen=True, slots=True)
class Sentences:
    """The words of the texts, cut to what gensim reads at once."""

    words: list[list[str]]
    total: int
    vocabulary: int


def has_gensim() -> bool:
    """Whether the extra is installed."""
    return find_spec("gensim") is not None


def require_gensim(spec: ModelSpec) -> None:
    """Checks that gensim is there.

    Raises:
        MissingExtraError: It is not.
    """
    if not has_gensim():
        raise MissingExtraError(f"The embedding model '{spec}'", EXTRA)


def sentences_of(spec: ModelSpec, texts: Sequence[str]) -> Sentences:
    """The words to train on.

    Raises:
        EmbeddingError: There are fewer than 1,000, or fewer than 20 that are frequent enough.
    """
    least = spec.number("min_count", MIN_COUNT)
    read = [folded_words(text) for text in texts]
    counts = Counter(word for words in read for word in words)
    vocabulary = sum(1 for count in counts.values() if count >= least)
    if counts.total() < LEAST_WORDS or vocabulary < LEAST_VOCABULARY:
        raise EmbeddingError(
            f"Training {spec.provider} needs at least {LEAST_WORDS:,} words and {LEAST_VOCABULARY} "
            f"different ones that come {least} times or more; the texts have {counts.total():,} "
            f"and {vocabulary:,}. Add more documents first, or load vectors from a file."
        )
    parts = [words[i : i + _LONGEST] for words in read for i in range(0, len(words), _LONGEST)]
    return Sentences(parts, counts.total(), vocabulary)


def trained(
    make: Callable[..., Any],
    spec: ModelSpec,
    sentences: Sentences,
    progress: Progress | None,
    **options: int,
) -> Any:  # noqa: ANN401 - gensim has no types
    """Trains gensim's class ``make``: one thread and a fixed seed, so that it can be repeated."""
    usual = max(_LEAST_EPOCHS, min(_MOST_EPOCHS, _WORDS_READ // sentences.total))
    epochs = spec.number("epochs", usual, most=1000)
    return make(
        sentences.words,
        vector_size=spec.number("dimension", 100, least=8, most=1000),
        window=spec.number("window", 10, most=100),
        min_count=spec.number("min_count", MIN_COUNT),
        sg=spec.number("sg", 1, least=0, most=1),
        epochs=epochs,
        workers=1,
        seed=1,
        callbacks=[_Epochs(progress, epochs)] if progress else [],
        **options,
    )


def save_words(model: Any, folder: Path) -> dict[str, object]:  # noqa: ANN401 - gensim has no types
    """Writes words, vectors and counts of a trained model, as plain arrays."""
    words = model.wv.index_to_key
    counts = np.array([model.wv.get_vecattr(word, "count") for word in words], np.int64)
    with MatrixWriter(folder) as writer:
        writer.add(words, model.wv.vectors)
        writer.finish(counts)
    return {"dimension": writer.dimension, "vocabulary": len(words)}


def check_options(spec: ModelSpec, *more: str) -> None:
    """Checks names and values of the options before anything slow begins.

    Raises:
        UsageError: An unknown option, or a value out of range.
    """
    spec.allow(*OPTIONS, *more)
    weighting_of(spec)
    spec.number("sg", 1, least=0, most=1)
    spec.number("dimension", 100, least=8, most=1000)
    spec.number("window", 10, most=100)
    spec.number("epochs", 1, most=1000)


class _Epochs:
    """Tells how many epochs are done; these four methods are all that gensim asks for."""

    def __init__(self, progress: Progress, epochs: int) -> None:
        self._progress, self._epochs, self._done = progress, epochs, 0

    def on_train_begin(self, _model: object) -> None:
        self._progress(0.0)

    def on_epoch_begin(self, _model: object) -> None:
        pass

    def on_epoch_end(self, _model: object) -> None:
        self._done += 1
        self._progress(self._done / self._epochs)

    def on_train_end(self, _model: object) -> None:
        pass
