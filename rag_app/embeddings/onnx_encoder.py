"""A sentence encoder in ONNX Runtime, with its tokenizer: texts in, vectors out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np

from rag_app.embeddings.base import Vectors
from rag_app.embeddings.cores import bytes_overflow

Ids = Sequence[int]


def open_session(graph: Path) -> Any:  # noqa: ANN401 - onnxruntime has no types
    """Loads a graph that runs on one core; several threads may run it at once."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if bytes_overflow():  # the same results in a slower way
        options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


class OnnxEncoder:
    """Tokenizes, and runs the graph for each text alone. Safe for several threads.

    Texts are not padded into batches: one text on each core is faster than a batch on all of them,
    as no core waits for another within a text, and a vector does not depend on its neighbours.

    Args:
        graph: ONNX file with the input ``input_ids`` of shape (1, sequence).
        tokenizer: ``tokenizer.json`` of the model.
        max_tokens: What the model reads of a text, special tokens included.
        threads: Texts that are under way at the same time, one on each core.
    """

    def __init__(self, graph: Path, tokenizer: Path, max_tokens: int, threads: int) -> None:
        from tokenizers import Tokenizer

        self._session = open_session(graph)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="encoder")
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        # Cut by hand below: one tokenizer without state then both counts and encodes.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._max_tokens = max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens included, uncut."""
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def tokenize(self, texts: Sequence[str]) -> list[Ids]:
        """Token ids of each text, cut to ``max_tokens``; the closing special token stays."""
        encodings = self._tokenizer.encode_batch_fast(list(texts))
        return [self._cut(encoding.ids) for encoding in encodings]

    def _cut(self, ids: Ids) -> Ids:
        return ids if len(ids) <= self._max_tokens else [*ids[: self._max_tokens - 1], ids[-1]]

    def encode(self, texts: Sequence[Ids]) -> Vectors:
        """Vectors of tokenized texts, float32 of shape (len(texts), dimension); not of none."""
        if len(texts) == 1:  # a question need not wait for another thread
            return self._run(texts[0])
        return np.concatenate(list(self._pool.map(self._run, texts)))

    def close(self) -> None:
        """Ends the threads."""
        self._pool.shutdown()

    def _run(self, tokens: Ids) -> Vectors:
        feed = {"input_ids": np.array([tokens], np.int64)}
        return cast("Vectors", self._session.run(None, feed)[0])
