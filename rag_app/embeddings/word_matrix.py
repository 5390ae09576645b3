"""A vocabulary and its vectors: looked up, compared, kept as plain arrays."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rag_app.embeddings.base import Vectors
from rag_app.embeddings.vocabulary import scaled

_WORDS, _VECTORS, _COUNTS = "words.json", "vectors.npy", "counts.npy"
_ROWS = 65_536


class WordMatrix:
    """Words and their vectors, the most frequent first.

    Args:
        words: Distinct words.
        vectors: float32 of shape (words, dimension); may be mapped from a file.
        counts: How often each word was met. Without them the share of the r-th word is estimated
            by Zipf's law as Mandelbrot (1953) corrected it, in proportion to 1 / (r + 2.7): files
            of vectors are in order of frequency and say no more.
    """

    def __init__(
        self, words: Sequence[str], vectors: Vectors, counts: NDArray[np.int64] | None = None
    ) -> None:
        self.words = words
        self.vectors = vectors
        self.counted = counts is not None
        shares = 1 / (np.arange(len(words)) + 3.7) if counts is None else counts.astype(np.float64)
        self.shares = shares / shares.sum()
        self._rows = dict(zip(reversed(words), range(len(words) - 1, -1, -1), strict=True))

    def row(self, word: str) -> int | None:
        """The row of ``word`` as it is written, or else in lower case."""
        for form in _forms(word):
            if (row := self._rows.get(form)) is not None:
                return row
        return None

    def nearest(
        self, vector: Vectors, n: int, without: Iterable[int] = ()
    ) -> list[tuple[str, float]]:
        """The ``n`` words of the largest cosine to ``vector``, but those in rows ``without``."""
        cosines = np.concatenate([rows @ scaled(vector) for rows in self._blocks()]) / self._lengths
        cosines[list(without)] = -np.inf
        n = min(n, int(np.isfinite(cosines).sum()))
        best = np.argpartition(-cosines, n - 1)[:n] if n else np.empty(0, np.int64)
        best = best[np.lexsort((best, -cosines[best]))]
        return [(self.words[row], float(cosines[row])) for row in best]

    @classmethod
    def read(cls, folder: Path) -> WordMatrix:
        """Reads what ``MatrixWriter`` wrote; the vectors stay on disk until they are used.

        Raises:
            OSError: A file is not there.
            ValueError: A file is not what it should be.
        """
        words = json.loads((folder / _WORDS).read_bytes().decode("utf-8", "surrogatepass"))
        vectors = np.load(folder / _VECTORS, mmap_mode="r")
        counts = np.load(folder / _COUNTS) if (folder / _COUNTS).exists() else None
        if vectors.ndim != 2 or len(vectors) != len(words):
            raise ValueError(vectors.shape)
        return cls(words, vectors, counts)

    @cached_property
    def _lengths(self) -> Vectors:
        lengths = np.concatenate([np.linalg.norm(rows, axis=1) for rows in self._blocks()])
        return np.where(lengths > 0, lengths, np.inf).astype(np.float32)

    def _blocks(self) -> Iterator[Vectors]:
        for start in range(0, len(self.vectors), _ROWS):
            yield np.asarray(self.vectors[start : start + _ROWS])


class MatrixWriter:
    """Writes words and vectors into a folder, block by block: a file may be larger than memory.

    Of words that come twice the first is kept. The arrays are NumPy's plain ones, never pickles.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._words: dict[str, None] = {}
        self._file = (folder / _VECTORS).open("wb")
        self.dimension = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._words)

    def add(self, words: Sequence[str], vectors: Vectors) -> None:
        """Appends ``vectors``, a row for each of ``words``."""
        if not self.dimension:
            self.dimension = vectors.shape[1]
            self._write_header()
        fresh = [row for row, word in enumerate(words) if self._is_new(word)]
        self._file.write(np.ascontiguousarray(vectors[fresh], "<f4").tobytes())

    def finish(self, counts: NDArray[np.int64] | None = None) -> None:
        """Writes the words, how often each was met if that is known, and how many there are."""
        text = json.dumps(list(self._words), ensure_ascii=False)
        (self._folder / _WORDS).write_bytes(text.encode("utf-8", "surrogatepass"))
        if counts is not None:
            np.save(self._folder / _COUNTS, counts)
        self._file.seek(0)
        self._write_header()
        self._file.flush()

    def _is_new(self, word: str) -> bool:
        size = len(self._words)
        self._words.setdefault(word)
        return len(self._words) > size

    def _write_header(self) -> None:
        # NumPy leaves room in a header for the number of rows to grow, for this very purpose.
        shape = (len(self._words), self.dimension)
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)


def _forms(word: str) -> Iterator[str]:
    """How a word may stand in a vocabulary."""
    yield word
    normal = unicodedata.normalize("NFC", word)
    yield normal.lower()
    yield unicodedata.normalize("NFKC", word).casefold()
