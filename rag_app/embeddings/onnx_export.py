"""Writes a BERT encoder as one ONNX file: ``python -P onnx_export.py FOLDER FILE PRECISION``.

Run as a script in a process of its own, so that the application never imports what is needed here.
PRECISION is ``float32``, or ``int8`` for products of 8-bit integers; what each does to speed and
to retrieval is in benchmarks/README.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from rag_app.embeddings.onnx_graph import Array, Graph

_TRIALS, _TRIAL_TOKENS = 16, 128
_START, _END, _FIRST_WORD = 101, 102, 1996
"""[CLS], [SEP], and the first token of BERT's vocabulary that is a word of several letters."""
_TO_VALUES = 0.6
"""How far large values are evened out at the cost of the weights; 0.5 and 0.7 did as well."""

Made = Callable[[Mapping[str, Array] | None], Graph]
"""Makes a graph, given the dividers of ``Graph``."""


def export(made: Made, target: Path, precision: str) -> None:
    """Writes a graph to the file ``target``."""
    dividers = None if precision == "float32" else _dividers(made(None))
    target.write_bytes(made(dividers).serialized())


def _dividers(whole: Graph) -> dict[str, Array]:
    """What evens out the features of normalised values, of which a few are always very large.

    The weights are multiplied by as much, so that the products stay what they are (Xiao et al.
    2023, SmoothQuant). How large features are is seen on random tokens, for which no text is
    needed. Dividers are powers of the root of two, so that all machines come to the same ones.
    """
    read = {name: weights for name, weights in whole.readers.items() if "normalised" in name}
    del read[list(read)[-1]]  # the last one is the result
    found = _largest(whole, list(read))
    dividers = {}
    for (name, weights), values in zip(read.items(), found, strict=True):
        of_weights = np.max([np.abs(one).max(axis=1) for one in weights], axis=0)
        wanted = values**_TO_VALUES / of_weights ** (1 - _TO_VALUES)
        wanted /= np.median(wanted)
        dividers[name] = np.exp2(np.round(2 * np.log2(wanted)) / 2).astype(np.float32)
    return dividers


def _largest(graph: Graph, values: list[str]) -> list[Array]:
    """The largest magnitude of each feature of some values."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        graph.serialized(values), providers=["CPUExecutionProvider"]
    )
    words = np.random.default_rng(0).integers(
        _FIRST_WORD, graph.config["vocab_size"], (_TRIALS, _TRIAL_TOKENS)
    )
    found = []
    for trial in words:
        tokens = np.array([[_START, *trial, _END]], np.int64)
        others = dict.fromkeys(graph.inputs, np.zeros_like(tokens))
        given = session.run(values, others | {"input_ids": tokens})
        found.append([np.abs(one).max(axis=0) for one in given])
    return [np.max(of_value, axis=0) for of_value in zip(*found, strict=True)]


if __name__ == "__main__":
    _folder, _target, _precision = sys.argv[1:]
    export(partial(Graph, Path(_folder)), Path(_target), _precision)
