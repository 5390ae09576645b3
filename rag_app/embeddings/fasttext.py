"""FastText (Bojanowski et al. 2017): words made of pieces, so that unseen words have vectors too.

``rag models train fasttext`` trains on the user's own text, with the options of ``word2vec`` and
``buckets`` (100,000: vectors that the pieces share). ``fasttext:/path`` reads a file of fastText's
own: ``.bin`` with the pieces (reading it for the first time needs gensim), ``.vec`` without.

Measured, trained on Cranfield's own text: dense nDCG@10 0.323 (skip-gram of whole words: 0.305),
51 s of training, 42 MB, most of it the pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rag_app.embeddings import gensim_training as training
from rag_app.embeddings.base import Vectors
from rag_app.embeddings.model_files import looks_like_file, open_model
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.embeddings.trained import Progress, statuses
from rag_app.embeddings.vector_cache import converted
from rag_app.embeddings.vector_files import VectorFileError, is_vectors
from rag_app.embeddings.word2vec import from_file
from rag_app.embeddings.word_matrix import MatrixWriter, WordMatrix
from rag_app.embeddings.word_vectors import Floats, WordVectors, weighting_of
from rag_app.settings import Settings

BUCKETS = 100_000
_PIECES = "pieces.npy"
_LONGEST_WORD = 100  # a longer one is no word, and has hundreds of pieces


class SubwordVectors(WordVectors):
    """Word vectors that are made of pieces where the word itself is not known.

    Args:
        spec: What the user asked for.
        folder: Where the arrays lie.
        fingerprint: SHA-256 of the vectors.
        weighting: ``sif`` or ``mean``; an unseen word is rare, so ``sif`` gives it all its weight.
        lengths: Shortest and longest piece.
    """

    def __init__(
        self, spec: str, folder: Path, fingerprint: str, weighting: str, lengths: tuple[int, int]
    ) -> None:
        super().__init__(spec, WordMatrix.read(folder), fingerprint, weighting)
        self._pieces = np.load(folder / _PIECES, mmap_mode="r")
        self._lengths = lengths

    def _knows(self, word: str) -> bool:
        return super()._knows(word) or bool(self._buckets(word))

    def _sum(self, words: Sequence[str]) -> Floats:
        total = super()._sum(words)
        for word in words:
            if not super()._knows(word) and (vector := self._raw(word)) is not None:
                total = total + vector
        return total

    def _raw(self, word: str) -> Vectors | None:
        vector = super()._raw(word)
        if vector is None and (buckets := self._buckets(word)):
            return np.asarray(self._pieces[buckets].mean(axis=0, dtype=np.float64), np.float32)
        return vector

    def _buckets(self, word: str) -> list[int]:
        if not len(self._pieces) or len(word) > _LONGEST_WORD:
            return []
        return [
            hashed(piece) % len(self._pieces) for piece in pieces(word.casefold(), *self._lengths)
        ]


def pieces(word: str, shortest: int, longest: int) -> Iterator[bytes]:
    """What fastText cuts ``<word>`` into: all runs of ``shortest`` to ``longest`` characters."""
    marked = f"<{word}>"
    for start in range(len(marked)):
        for end in range(start + shortest, min(start + longest, len(marked)) + 1):
            # A lone "<" or ">" is no piece.
            if end - start > 1 or 0 < start < len(marked) - 1:
                yield marked[start:end].encode("utf-8", "surrogatepass")


def hashed(piece: bytes) -> int:
    """The hash of fastText: FNV-1a of 32 bits, bytes taken as signed."""
    value = 2166136261
    for byte in piece:
        value = ((value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
    return value


def load(spec: ModelSpec, settings: Settings) -> WordVectors:
    """Loads a trained model, or a file of vectors.

    Raises:
        UsageError: An unknown option.
        EmbeddingError: There is no such model or file, or it is not what it should be.
        MissingExtraError: A ``.bin`` is read for the first time, and gensim is not installed.
    """
    if looks_like_file(spec.model):
        return _from_file(spec, settings)
    saved = open_model(spec, settings, "weighting")
    weighting = weighting_of(spec, saved.options.get("weighting", "sif"))
    lengths = saved.note["shortest"], saved.note["longest"]
    model = SubwordVectors(str(spec), saved.folder, saved.fingerprint, weighting, lengths)
    model.disk_bytes = saved.disk_bytes
    return model


def _from_file(spec: ModelSpec, settings: Settings) -> WordVectors:
    path = Path(spec.model).expanduser().resolve()
    if not path.is_file() or is_vectors(path):
        return from_file(spec, settings)  # no pieces, or the error of a missing file
    spec.allow("weighting")
    weighting = weighting_of(spec)

    def convert(source: Path, folder: Path) -> dict[str, object]:
        training.require_gensim(spec)
        return _convert(source, folder)

    folder, note = converted(path, "fasttext", convert, settings)
    lengths = note["shortest"], note["longest"]
    named = str(replace(spec, model=str(path)))
    model = SubwordVectors(named, folder, note["sha256"], weighting, lengths)
    model.disk_bytes = note["bytes"]
    return model


def _convert(path: Path, folder: Path) -> dict[str, object]:
    from gensim.models.fasttext import load_facebook_vectors

    try:
        vectors = load_facebook_vectors(str(path))
    except Exception as error:  # one untrusted file: gensim reads it with asserts and struct
        reason = " ".join(str(error).split()) or type(error).__name__
        raise VectorFileError(
            f"is no whole fastText model ({reason}). Download or copy it again"
        ) from error
    with MatrixWriter(folder) as writer:
        writer.add(vectors.index_to_key, vectors.vectors)
        writer.finish(_counts(vectors))
    return _save_pieces(vectors, folder)


def _counts(vectors: Any) -> Any:  # noqa: ANN401 - gensim has no types
    counts = np.array([vectors.get_vecattr(w, "count") for w in vectors.index_to_key], np.int64)
    return counts if counts.min(initial=1) > 0 else None


def _save_pieces(vectors: Any, folder: Path) -> dict[str, object]:  # noqa: ANN401
    buckets = np.asarray(vectors.vectors_ngrams, np.float32)
    np.save(folder / _PIECES, buckets if vectors.bucket else buckets[:0])
    return {"shortest": int(vectors.min_n), "longest": int(vectors.max_n)}


def models(settings: Settings) -> list[ModelStatus]:
    """The kind, the trained ones, and that files can be read."""
    state = "needs a fit" if training.has_gensim() else f"needs extra {training.EXTRA}"
    file = ModelStatus("fasttext:PATH", "ready", note="a fastText file: .bin, .vec")
    note = "word vectors with subwords trained on your texts"
    return [*statuses("fasttext", note, settings, state), file]


def fit(
    spec: ModelSpec, texts: Sequence[str], folder: Path, progress: Progress | None
) -> dict[str, object]:
    """Trains on ``texts``.

    Raises:
        UsageError: An unknown option, or a value out of range.
        MissingExtraError: gensim is not installed.
        EmbeddingError: There is too little text.
    """
    training.check_options(spec, "buckets")
    buckets = spec.number("buckets", BUCKETS, least=1000, most=4_000_000)
    training.require_gensim(spec)
    sentences = training.sentences_of(spec, texts)
    from gensim.models import FastText

    model = training.trained(FastText, spec, sentences, progress, bucket=buckets)
    saved = training.save_words(model, folder)
    return {"words": sentences.total, **saved, **_save_pieces(model.wv, folder)}
