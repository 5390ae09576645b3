"""Writes a BERT model as one ONNX file: ``python -P onnx_export.py FOLDER FILE PRECISION``.

Run as a script in a process of its own, so that the application never imports torch; it imports
nothing of the application. The graph takes ``input_ids`` and ``attention_mask`` (int64, shape
(batch, sequence)) and gives ``sentence_embedding`` (float32, shape (batch, hidden)): the mean of
the last layer over the mask, scaled to length 1 (Reimers and Gurevych 2019, Sentence-BERT).

PRECISION is ``float32``, or ``int8`` for products of 8-bit integers; what each does to speed and
to retrieval is in benchmarks/README.md.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

_BLOCK = 128
"""128 was faster than 64 and 256."""
_INT8_PRODUCTS = 4
"""ONNX Runtime's ``accuracy_level`` at which the products themselves are of integers."""


def export(folder: str, target: str, precision: str) -> None:
    """Exports the model in ``folder`` to the file ``target``."""
    if precision == "float32":
        _export_float32(folder, target)
        return
    whole = Path(target).with_suffix(".float32")
    try:
        _export_float32(folder, str(whole))
        _quantize(str(whole), target)
    finally:
        whole.unlink(missing_ok=True)


def _export_float32(folder: str, target: str) -> None:
    import torch
    from transformers import AutoModel

    class SentenceEncoder(torch.nn.Module):
        def __init__(self, bert: torch.nn.Module) -> None:
            super().__init__()
            self.bert = bert

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:  # noqa: ANN401
            states = self.bert(
                input_ids=input_ids,
                attention_mask=attention_mask,
                token_type_ids=torch.zeros_like(input_ids),
            ).last_hidden_state
            weights = attention_mask.unsqueeze(-1).to(states.dtype)
            mean = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=-1)

    bert = AutoModel.from_pretrained(
        folder, attn_implementation="eager", local_files_only=True, dtype=torch.float32
    )
    shape = {0: "batch", 1: "sequence"}
    # A second row that is padded, so that no branch is taken for granted while tracing.
    mask = torch.ones(2, 16, dtype=torch.long)
    mask[1, 9:] = 0
    # The graph of the newer exporter (dynamo=True) runs a sixth slower in ONNX Runtime 1.31.
    torch.onnx.export(
        SentenceEncoder(bert).eval(),
        (torch.ones(2, 16, dtype=torch.long), mask),
        target,
        input_names=["input_ids", "attention_mask"],
        output_names=["sentence_embedding"],
        dynamic_axes={"input_ids": shape, "attention_mask": shape, "sentence_embedding": {0: "b"}},
        opset_version=17,
        dynamo=False,
    )


def _quantize(source: str, target: str) -> None:
    """Turns products with weights into products of 8-bit integers.

    Each block of ``_BLOCK`` weights has a scale of its own, and so has each block of what they are
    multiplied with. One scale for a whole text would be half as fast again, but a few very large
    values in the feed-forward layers (Dettmers et al. 2022, LLM.int8()) leave the others few steps
    then, and a text's vector depends on its neighbours in the batch.
    """
    import onnx
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        DefaultWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
    )

    config = DefaultWeightOnlyQuantConfig(
        block_size=_BLOCK, is_symmetric=True, bits=8, accuracy_level=_INT8_PRODUCTS
    )
    quantizer = MatMulNBitsQuantizer(onnx.load(source), algo_config=config)
    quantizer.process()
    quantizer.model.save_model_to_file(target, use_external_data_format=False)


if __name__ == "__main__":
    export(*sys.argv[1:])
