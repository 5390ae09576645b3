"""A reader of English: where does a passage answer a question?

It sees both together, word for word (a cross-encoder; Nogueira and Cho 2019), and so finds an
answer in other words than the question's. It is the bundled model with changes learnt on questions
with and without an answer: see benchmarks/fit_reader.py.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_app.embeddings.cores import threads
from rag_app.embeddings.minilm_files import Export, ensure, model_folder, opened
from rag_app.embeddings.onnx_encoder import open_session
from rag_app.settings import Settings

CHANGES = Path(__file__).with_name("reader.safetensors")
GRAPH = 1
"""Raised when ``reader_export.py`` writes another graph."""
PRECISION = "int8"

MAX_TOKENS = 320
"""Of a question and a passage, as in training; a longer passage is read in windows."""
STRIDE = 64
"""Tokens that two windows share."""
MOST_QUESTION = 96
"""Tokens of a question that are read."""
MOST_WINDOWS = 32
"""For one question, about two seconds of work: passages beyond are not read."""
_EXPORTER = Path(__file__).with_name("reader_export.py")
_PASSAGE = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader says of a passage.

    Attributes:
        places: First and last character of each token, of shape (tokens, 2).
        starts: Logits that an answer starts at a token, above those that there is none.
        ends: The same for its last token.
    """

    places: NDArray[np.int64]
    starts: NDArray[np.float32]
    ends: NDArray[np.float32]

    def span(self, start: int, end: int) -> float | None:
        """How much speaks for an answer between two characters; None if that was not read."""
        inside = (self.places[:, 0] < end) & (self.places[:, 1] > start)
        if not inside.any():
            return None
        return float(self.starts[inside].max() + self.ends[inside].max())


class Reader:
    """Reads passages. Safe for several threads.

    Args:
        graph: ONNX file of ``reader_export``.
        tokenizer: ``tokenizer.json`` of the bundled model.
        threads: Passages that are read at the same time, one on each core.
    """

    def __init__(self, graph: Path, tokenizer: Path, threads: int) -> None:
        from tokenizers import Tokenizer

        self._session = open_session(graph)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._questions = Tokenizer.from_file(str(tokenizer))
        self._questions.enable_truncation(MOST_QUESTION)
        self._questions.no_padding()
        self._pairs = Tokenizer.from_file(str(tokenizer))
        self._pairs.enable_truncation(MAX_TOKENS, stride=STRIDE, strategy="only_second")
        self._pairs.no_padding()

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Reading | None]:
        """Reads passages for a question.

        Args:
            question: In any words; what is beyond ``MOST_QUESTION`` tokens is left out.
            passages: Each with what stands above it, such as its heading, which may be empty.

        Returns:
            A reading of each, or None for those at the end when there is too much to read, and for
            those that have nothing to read.
        """
        asked = self._cut(question)
        windows: list[tuple[int, Any]] = []
        for number, (above, passage) in enumerate(passages):
            encoding = self._pairs.encode(asked, f"{above}: {passage}" if above else passage)
            windows += [(number, one) for one in (encoding, *encoding.overflowing)]
        of_passage: list[list[Reading]] = [[] for _ in passages]
        windows = windows[:MOST_WINDOWS]
        shifts = [len(above) + 2 if above else 0 for above, _ in passages]
        readings = self._pool.map(lambda window: self._run(window[1], shifts[window[0]]), windows)
        for (number, _), reading in zip(windows, readings, strict=True):
            of_passage[number].append(reading)
        return [_whole(some) for some in of_passage]

    def _cut(self, question: str) -> str:
        encoding = self._questions.encode(question, add_special_tokens=False)
        return question[: encoding.offsets[-1][1]] if encoding.offsets else question

    def _run(self, window: Any, shift: int) -> Reading:  # noqa: ANN401 - tokenizers has no types
        feed = {
            "input_ids": np.array([window.ids], np.int64),
            "token_types": np.array([window.type_ids], np.int64),
        }
        [spans] = self._session.run(["spans"], feed)
        # The closing special token is no place in the text.
        inside = np.array(window.type_ids) == _PASSAGE
        inside[-1] = False
        above = spans[inside] - spans[0]
        places = np.array(window.offsets, np.int64)[inside] - shift
        return Reading(places, above[:, 0], above[:, 1])


def _whole(windows: Sequence[Reading]) -> Reading | None:
    """One reading of the windows of a passage; None if all that was read stands above it."""
    if not any((one.places[:, 1] > 0).any() for one in windows):
        return None
    return Reading(
        np.concatenate([one.places for one in windows]),
        np.concatenate([one.starts for one in windows]),
        np.concatenate([one.ends for one in windows]),
    )


def prepare_reader(settings: Settings, echo: Callable[[str], None]) -> Path:
    """Makes the reader's ONNX file if it is not there or damaged, and returns its path.

    Raises:
        EmbeddingError: It cannot be made.
    """
    return ensure(reader_export(settings), echo, thorough=True)


def reader_export(settings: Settings) -> Export:
    """The reader's ONNX file, and what it is made of."""
    changes = hashlib.sha256(CHANGES.read_bytes()).hexdigest()
    path = settings.cache / "models" / f"reader-{changes[:12]}-{PRECISION}-{GRAPH}.onnx"
    return Export(path, _EXPORTER, (CHANGES, PRECISION), "bundled reader")


def load_reader(settings: Settings) -> Reader | None:
    """The reader that ``settings`` ask for: one for the whole process, as it keeps no state.

    Its file is made first where that was never done.

    Raises:
        EmbeddingError: It cannot be made.
    """
    if settings.reader == "off":
        return None
    return _loaded(reader_export(settings), threads(settings))


@cache
def _loaded(export: Export, cores: int) -> Reader:
    tokenizer = model_folder() / "tokenizer.json"
    return opened(export, _log.warning, lambda path: Reader(path, tokenizer, cores))
