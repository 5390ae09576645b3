"""Writes a BERT encoder as one ONNX file: ``python -P onnx_export.py FOLDER FILE PRECISION``.

Run as a script in a process of its own, so that the application never imports what is needed here;
it imports nothing of the application. The graph takes ``input_ids`` (int64, shape (1, sequence)):
one text alone, so that it needs neither padding nor a mask. It gives ``sentence_embedding``
(float32, shape (1, hidden)): the mean of the last layer, scaled to length 1 (Reimers and Gurevych
2019, Sentence-BERT).

PRECISION is ``float32``, or ``int8`` for products of 8-bit integers; what each does to speed and
to retrieval is in benchmarks/README.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_RUNTIME = "com.microsoft"
"""The domain of ONNX Runtime's own operations."""
_OPSETS = {"": 17, _RUNTIME: 1}
_IR_VERSION = 8
_MOST = 127
_ZERO = 128
"""Of an unsigned byte; signed ones have no fast products in ONNX Runtime 1.31."""
_LEAST = np.float32(1e-9)
"""What a row is divided by at least: one of zeros alone stays zero."""
_TRIALS, _TRIAL_TOKENS = 16, 128
_START, _END, _FIRST_WORD = 101, 102, 1996
"""[CLS], [SEP], and the first token of BERT's vocabulary that is a word of several letters."""
_TO_VALUES = 0.6
"""How far large values are evened out at the cost of the weights; 0.5 and 0.7 did as well."""


class _Graph:
    """An encoder in the making.

    Args:
        folder: With the model's ``config.json`` and ``model.safetensors``.
        dividers: For the int8 graph: by what each feature of a normalised value is divided.

    Attributes:
        readers: Each normalised value, with the weights of shape (in, out) that it is multiplied
            with.
    """

    def __init__(self, folder: Path, dividers: Mapping[str, Array] | None = None) -> None:
        from safetensors.numpy import load_file

        self.config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.readers: dict[str, list[Array]] = {}
        self._weights = load_file(folder / "model.safetensors")
        self._dividers = dividers
        self._rounded: dict[str, tuple[str, str]] = {}
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._build()

    def serialized(self, watched: Iterable[str] = ()) -> bytes:
        """The file's bytes; ``watched`` are values that are given, too."""
        from onnx import TensorProto, helper

        size = self.config["hidden_size"]
        tokens = helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "sequence"])
        result = helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, [1, size])
        others = [helper.make_tensor_value_info(one, TensorProto.FLOAT, None) for one in watched]
        graph = helper.make_graph(
            self._nodes, "encoder", [tokens], [result, *others], self._constants
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        return bytes(model.SerializeToString())

    def _build(self) -> None:
        value = self._embedded()
        for number in range(self.config["num_hidden_layers"]):
            value = self._layer(value, f"encoder.layer.{number}")
        mean = self._node("ReduceMean", value, axes=[0], keepdims=1)
        self._node("LpNormalization", mean, name="sentence_embedding", axis=-1, p=2)

    def _embedded(self) -> str:
        """Sum of the vectors of token, place and (always the first) type, normalised."""
        words, places, types = (
            self._weights[f"embeddings.{kind}_embeddings.weight"]
            for kind in ("word", "position", "token_type")
        )
        first = self._constant(np.array([0], np.int64))
        ids = self._node("Squeeze", "input_ids", first)
        length = self._node("Shape", ids)
        place = self._node("Slice", self._constant(places + types[0]), first, length, first)
        word = self._node("Gather", self._constant(words), ids)
        return self._normalised(self._node("Add", word, place), "embeddings.LayerNorm")

    def _layer(self, value: str, layer: str) -> str:
        attended = self._attended(value, f"{layer}.attention.self")
        added = self._node("Add", self._dense(attended, f"{layer}.attention.output.dense"), value)
        value = self._normalised(added, f"{layer}.attention.output.LayerNorm")
        wide = self._product(value, f"{layer}.intermediate.dense")
        bias = self._constant(self._weights[f"{layer}.intermediate.dense.bias"])
        wide = self._node("BiasGelu", wide, bias, domain=_RUNTIME)
        added = self._node("Add", self._dense(wide, f"{layer}.output.dense"), value)
        return self._normalised(added, f"{layer}.output.LayerNorm")

    def _attended(self, value: str, place: str) -> str:
        batch = self._constant(np.array([0], np.int64))
        inputs = [
            self._node("Unsqueeze", self._dense(value, f"{place}.{part}"), batch)
            for part in ("query", "key", "value")
        ]
        heads = self.config["num_attention_heads"]
        mixed = self._node("MultiHeadAttention", *inputs, domain=_RUNTIME, num_heads=heads)
        return self._node("Squeeze", mixed, batch)

    def _normalised(self, value: str, place: str) -> str:
        parts = (self._constant(self._weights[f"{place}.{part}"]) for part in ("weight", "bias"))
        name = f"normalised.{len(self.readers)}"
        self.readers[name] = []
        epsilon = self.config["layer_norm_eps"]
        return self._node("LayerNormalization", value, *parts, name=name, axis=-1, epsilon=epsilon)

    def _dense(self, value: str, place: str) -> str:
        bias = self._constant(self._weights[f"{place}.bias"])
        return self._node("Add", self._product(value, place), bias)

    def _product(self, value: str, place: str) -> str:
        weights = self._weights[f"{place}.weight"].T
        self.readers.setdefault(value, []).append(weights)
        if self._dividers is None:
            return self._node("MatMul", value, self._constant(weights))
        if value in self._dividers:
            weights = weights * self._dividers[value][:, None]
        scales = np.abs(weights).max(axis=0) / _MOST
        rounded, row_scales = self._rounded_rows(value)
        product = self._node(
            "MatMulIntegerToFloat",
            rounded,
            self._constant(np.round(weights / scales).astype(np.int8)),
            self._constant(np.float32(1)),
            self._constant(scales.astype(np.float32)),
            self._constant(np.uint8(_ZERO)),
            domain=_RUNTIME,
        )
        return self._node("Mul", product, row_scales)

    def _rounded_rows(self, value: str) -> tuple[str, str]:
        """A value as bytes, each row (a token) with a scale of its own, and these scales.

        One scale for a whole text would be a tenth faster, and leaves the many tokens that have no
        very large value few steps (Dettmers et al. 2022, LLM.int8()).
        """
        if value not in self._rounded:
            even = value
            if self._dividers and value in self._dividers:
                factors = self._constant((1 / self._dividers[value]).astype(np.float32))
                even = self._node("Mul", value, factors)
            largest = self._node("ReduceMax", self._node("Abs", even), axes=[-1], keepdims=1)
            largest = self._node("Max", largest, self._constant(_LEAST))
            scales = self._node("Mul", largest, self._constant(np.float32(1 / _MOST)))
            steps = self._node("Div", even, scales)
            one, zero = self._constant(np.float32(1)), self._constant(np.uint8(_ZERO))
            self._rounded[value] = self._node("QuantizeLinear", steps, one, zero), scales
        return self._rounded[value]

    def _constant(self, value: Array | np.generic) -> str:
        from onnx import numpy_helper

        name = f"constant.{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def _node(
        self,
        kind: str,
        *inputs: str,
        name: str = "",
        domain: str = "",
        **attributes: Any,  # noqa: ANN401
    ) -> str:
        from onnx import helper

        name = name or f"value.{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], domain=domain, **attributes))
        return name


def export(folder: str, target: str, precision: str) -> None:
    """Exports the model in ``folder`` to the file ``target``."""
    dividers = None if precision == "float32" else _dividers(Path(folder))
    Path(target).write_bytes(_Graph(Path(folder), dividers).serialized())


def _dividers(folder: Path) -> dict[str, Array]:
    """What evens out the features of normalised values, of which a few are always very large.

    The weights are multiplied by as much, so that the products stay what they are (Xiao et al.
    2023, SmoothQuant). How large features are is seen on random tokens, for which no text is
    needed. Dividers are powers of the root of two, so that all machines come to the same ones.
    """
    whole = _Graph(folder)
    read = {name: weights for name, weights in whole.readers.items() if "normalised" in name}
    del read[list(read)[-1]]  # the last one is the result
    found = _largest(whole.serialized(read), list(read), whole.config["vocab_size"])
    dividers = {}
    for (name, weights), values in zip(read.items(), found, strict=True):
        of_weights = np.max([np.abs(one).max(axis=1) for one in weights], axis=0)
        wanted = values**_TO_VALUES / of_weights ** (1 - _TO_VALUES)
        wanted /= np.median(wanted)
        dividers[name] = np.exp2(np.round(2 * np.log2(wanted)) / 2).astype(np.float32)
    return dividers


def _largest(graph: bytes, values: list[str], vocabulary: int) -> list[Array]:
    """The largest magnitude of each feature of some values."""
    import onnxruntime

    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    words = np.random.default_rng(0).integers(_FIRST_WORD, vocabulary, (_TRIALS, _TRIAL_TOKENS))
    found = []
    for trial in words:
        tokens = np.array([[_START, *trial, _END]], np.int64)
        given = session.run(values, {"input_ids": tokens})
        found.append([np.abs(one).max(axis=0) for one in given])
    return [np.max(of_value, axis=0) for of_value in zip(*found, strict=True)]


if __name__ == "__main__":
    export(*sys.argv[1:])
