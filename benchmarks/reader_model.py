"""The reader in training: the bundled model, low-rank changes of it, and two heads."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertModel

from rag_app.embeddings.minilm_files import model_folder

RANK = 32
DROPOUT = 0.1
"""Before the heads. Within the encoder it would take a third of the time."""
CHANGED = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


class LowRank(nn.Module):
    """A linear layer that is left as it is, and what is added to it."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        self.down = nn.Parameter(torch.randn(RANK, layer.in_features) / math.sqrt(RANK))
        self.up = nn.Parameter(torch.zeros(layer.out_features, RANK))

    def forward(self, value: Tensor) -> Tensor:
        added = functional.linear(functional.linear(value, self.down), self.up)
        return self.layer(value) + added / math.sqrt(RANK)


class Reader(nn.Module):
    """The bundled model, its changes, and the heads."""

    def __init__(self) -> None:
        super().__init__()
        self.bert = BertModel.from_pretrained(str(model_folder()), add_pooling_layer=False)
        self.bert.requires_grad_(False).eval()
        for layer in self.bert.encoder.layer:
            for name in CHANGED:
                place, last = layer.get_submodule(name.rpartition(".")[0]), name.split(".")[-1]
                setattr(place, last, LowRank(getattr(place, last)))
        self.bert.embeddings.token_type_embeddings.weight.requires_grad_(True)
        self.spans = nn.Linear(self.bert.config.hidden_size, 2)
        self.answers = nn.Linear(self.bert.config.hidden_size, 1)

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of starts and ends, (batch, tokens, 2), and of an answer, (batch,)."""
        given = self.bert(input_ids=ids, token_type_ids=types, attention_mask=mask)
        hidden = functional.dropout(given.last_hidden_state, DROPOUT, self.training)
        spans = self.spans(hidden)
        # An answer stands in the passage; [CLS] stands for none.
        outside = (types == 0) | (mask == 0)
        outside[:, 0] = False
        return spans.masked_fill(outside[:, :, None], -1e4), self.answers(hidden[:, 0])[:, 0]

    def learnt(self) -> dict[str, Tensor]:
        """What training changes, by name."""
        return {name: one for name, one in self.named_parameters() if one.requires_grad}
