"""A BERT encoder as an ONNX graph (Devlin et al. 2019), written node by node.

The graph takes ``input_ids`` (int64, shape (1, sequence)): one text alone, so that it needs neither
padding nor a mask. It gives ``sentence_embedding`` (float32, shape (1, hidden)): the mean of the
last layer, scaled to length 1 (Reimers and Gurevych 2019, Sentence-BERT).
"""

from __future__ import annotations

import json
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


class Graph:
    """An encoder in the making.

    Args:
        folder: With the model's ``config.json`` and ``model.safetensors``.
        dividers: For the int8 graph: by what each feature of a normalised value is divided.

    Attributes:
        readers: Each normalised value, with the weights of shape (in, out) that it is multiplied
            with.
        inputs: What the graph takes: integers of shape (1, sequence).
        outputs: What it gives, with the shape of each.
    """

    inputs: tuple[str, ...] = ("input_ids",)

    def __init__(self, folder: Path, dividers: Mapping[str, Array] | None = None) -> None:
        self.config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.readers: dict[str, list[Array]] = {}
        self.outputs: dict[str, list[int | str]] = {}
        self._weights = self._loaded(folder)
        self._dividers = dividers
        self._rounded: dict[str, tuple[str, str]] = {}
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._build()

    def serialized(self, watched: Iterable[str] = ()) -> bytes:
        """The file's bytes; ``watched`` are values that are given, too."""
        from onnx import TensorProto, helper

        described, float_ = helper.make_tensor_value_info, TensorProto.FLOAT
        given = [described(one, TensorProto.INT64, [1, "sequence"]) for one in self.inputs]
        results = [described(name, float_, shape) for name, shape in self.outputs.items()]
        others = [described(one, float_, None) for one in watched]
        graph = helper.make_graph(
            self._nodes, "encoder", given, [*results, *others], self._constants
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        return bytes(model.SerializeToString())

    def _loaded(self, folder: Path) -> dict[str, Array]:
        from safetensors.numpy import load_file

        return load_file(folder / "model.safetensors")

    def _build(self) -> None:
        value = self._embedded()
        for number in range(self.config["num_hidden_layers"]):
            value = self._layer(value, f"encoder.layer.{number}")
        self._finish(value)

    def _finish(self, value: str) -> None:
        """What is given, from the last layer, of shape (sequence, hidden)."""
        mean = self._node("ReduceMean", value, axes=[0], keepdims=1)
        self._node("LpNormalization", mean, name="sentence_embedding", axis=-1, p=2)
        self.outputs["sentence_embedding"] = [1, self.config["hidden_size"]]

    def _embedded(self) -> str:
        """Sum of the vectors of token, place and type, normalised."""
        ids = self._row("input_ids")
        word = self._node("Gather", self._constant(self._table("word")), ids)
        placed = self._placed(self._node("Shape", ids))
        return self._normalised(self._node("Add", word, placed), "embeddings.LayerNorm")

    def _placed(self, length: str) -> str:
        """The vectors of places and types; a text alone is of the first type."""
        return self._first(self._table("position") + self._table("token_type")[0], length)

    def _first(self, table: Array, length: str) -> str:
        """The first rows of a table."""
        first = self._constant(np.array([0], np.int64))
        return self._node("Slice", self._constant(table), first, length, first)

    def _table(self, kind: str) -> Array:
        return self._weights[f"embeddings.{kind}_embeddings.weight"]

    def _row(self, given: str) -> str:
        """An input without its first dimension."""
        return self._node("Squeeze", given, self._constant(np.array([0], np.int64)))

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
