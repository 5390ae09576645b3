"""A sentence encoder in ONNX Runtime, with its tokenizer: texts in, vectors out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from rag_app.embeddings.base import Vectors

BATCH_TOKENS = 1024
"""Tokens in a batch, padding included: five texts of 200. Larger ones are no faster, and hold 50 MB
more of intermediate results for each doubling."""
BATCH_TEXTS = 64

Ids = Sequence[int]


class OnnxEncoder:
    """Tokenizes, batches texts of like length, and runs the graph. Safe for several threads.

    Args:
        graph: ONNX file with the inputs ``input_ids`` and ``attention_mask``.
        tokenizer: ``tokenizer.json`` of the model.
        max_tokens: What the model reads of a text, special tokens included.
        threads: Threads for one batch.
    """

    def __init__(self, graph: Path, tokenizer: Path, max_tokens: int, threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that wait by spinning gain nothing here and keep a core warm in an idle chat.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"]
        )
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

    def run(self, batch: Sequence[Ids]) -> Vectors:
        """Vectors of one batch, float32 of shape (len(batch), dimension)."""
        width = max(map(len, batch))
        ids: NDArray[np.int64] = np.zeros((len(batch), width), np.int64)
        mask: NDArray[np.int64] = np.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return cast(
            "Vectors", self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        )


def batches(texts: Sequence[Ids]) -> Iterator[list[int]]:
    """Groups the positions of ``texts`` so that each batch holds like lengths, longest first.

    A batch has at most ``BATCH_TEXTS`` texts and ``BATCH_TOKENS`` tokens with its padding, and at
    least one text.
    """
    batch: list[int] = []
    for position in sorted(range(len(texts)), key=lambda index: -len(texts[index])):
        # The first one is the longest: every other is padded to it.
        width = len(texts[batch[0]]) if batch else 0
        if batch and (len(batch) == BATCH_TEXTS or (len(batch) + 1) * width > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch
