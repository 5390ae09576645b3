"""Writes a BERT sentence model as one ONNX file: ``python -P onnx_export.py FOLDER FILE``.

Run as a script in a process of its own, so that the application never imports torch; it imports
nothing of the application. The graph takes ``input_ids`` and ``attention_mask`` (int64, shape
(batch, sequence)) and gives ``sentence_embedding`` (float32, shape (batch, hidden)): the mean of
the last layer over the mask, scaled to length 1 (Reimers and Gurevych 2019, Sentence-BERT).
"""

from __future__ import annotations

import sys
from typing import Any


def export(folder: str, target: str) -> None:
    """Exports the model in ``folder`` to the file ``target``."""
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
    batch = torch.export.Dim("batch", min=1, max=4096)
    sequence = torch.export.Dim("sequence", min=2, max=bert.config.max_position_embeddings)
    shape = {0: batch, 1: sequence}
    # A second row that is padded, so that no branch is taken for granted while tracing.
    mask = torch.ones(2, 16, dtype=torch.long)
    mask[1, 9:] = 0
    torch.onnx.export(
        SentenceEncoder(bert).eval(),
        (torch.ones(2, 16, dtype=torch.long), mask),
        target,
        input_names=["input_ids", "attention_mask"],
        output_names=["sentence_embedding"],
        dynamic_shapes={"input_ids": shape, "attention_mask": shape},
        dynamo=True,
        external_data=False,
    )


if __name__ == "__main__":
    export(sys.argv[1], sys.argv[2])
