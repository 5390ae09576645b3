"""Writes the reader as one ONNX file: ``python -P reader_export.py FOLDER FILE CHANGES PRECISION``.

Run as a script in a process of its own, as ``onnx_export`` is. The graph is the bundled model's
with other weights (CHANGES: what benchmarks/fit_reader.py learnt), a second input, ``token_types``
(int64, shape (1, sequence): 1 where the passage stands), and another result: ``spans`` (float32,
shape (sequence, 2)), logits of an answer's start and end.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from rag_app.embeddings.onnx_export import export
from rag_app.embeddings.onnx_graph import Array, Graph

_DOWN, _UP = ".down", ".up"
_BERT = "bert."


class ReaderGraph(Graph):
    """The graph in the making."""

    inputs = ("input_ids", "token_types")

    def __init__(
        self, folder: Path, changes: Path, dividers: Mapping[str, Array] | None = None
    ) -> None:
        self._changes = changes
        super().__init__(folder, dividers)

    def _loaded(self, folder: Path) -> dict[str, Array]:
        """The weights, changed: each matrix by the product of two of low rank (Hu et al. 2022)."""
        from safetensors.numpy import load_file

        learnt = {
            name.removeprefix(_BERT): one.astype(np.float32)
            for name, one in load_file(self._changes).items()
        }
        weights = super()._loaded(folder)
        for name, down in learnt.items():
            if name.endswith(_DOWN):
                place = name.removesuffix(_DOWN)
                added = learnt[place + _UP] @ down / np.sqrt(np.float32(len(down)))
                weights[f"{place}.weight"] += added
        kept = {name: one for name, one in learnt.items() if not name.endswith((_DOWN, _UP))}
        return weights | kept

    def _placed(self, length: str) -> str:
        types = self._constant(self._table("token_type"))
        of_types = self._node("Gather", types, self._row("token_types"))
        return self._node("Add", self._first(self._table("position"), length), of_types)

    def _finish(self, value: str) -> None:
        weights = self._constant(self._weights["spans.weight"].T)
        bias = self._constant(self._weights["spans.bias"])
        self._node("Add", self._node("MatMul", value, weights), bias, name="spans")
        self.outputs["spans"] = ["sequence", 2]


if __name__ == "__main__":
    _folder, _target, _changes, _precision = sys.argv[1:]
    export(partial(ReaderGraph, Path(_folder), Path(_changes)), Path(_target), _precision)
