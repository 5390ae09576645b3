"""Makes a static model of a BERT sentence encoder: ``python -P static_distill.py SOURCE TARGET``.

A vector for each token of the vocabulary, in the way of Model2Vec (van Dongen and Tulkens 2024,
https://github.com/MinishLab/model2vec): what the encoder makes of the token alone, reduced by
PCA, and weighted by the smooth inverse frequency of its rank in the vocabulary (Arora et al.
2017; the rank stands for the frequency by Zipf's law). Two things differ, both chosen on
Cranfield and confirmed on SciFact (dense nDCG@10 0.320 and 0.533; the way of the paper with its
256 dimensions and its SIF constant: 0.276 and 0.427): the token's row of the embedding layer
stands beside its last hidden state, and the components are whitened.

It runs as a script in a process of its own, so that the application never imports torch, and then
imports nothing of the application. The encoder's numbers come from one fixed order of batches;
nothing is random.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

DIMENSION = 512
RECIPE = 2
"""Raised when the same model would come out with other vectors."""
_SIF = 3e-5
_BATCH = 512
_UNUSED = re.compile(r"\[unused\d+\]|\[(?:PAD|CLS|SEP|MASK|UNK)\]")
"""Tokens that no text has; their vectors are zero, and they take no part in the rest."""


def distil(source: str, target: str) -> None:
    """Writes the static model of the encoder in ``source`` to the folder ``target``."""
    import numpy as np
    from model2vec.persistence.persistence import save_pretrained
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(source) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    vocabulary = tokenizer.get_vocab()
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    used = np.array([not _UNUSED.fullmatch(token) for token in tokens])
    layers = _layers(source, vocabulary["[CLS]"], vocabulary["[SEP]"])
    features = np.concatenate([_scaled(layer[used]) for layer in layers], axis=1)
    vectors = np.zeros((len(tokens), DIMENSION), np.float32)
    vectors[used] = _whitened(features) * _weights(int(used.sum()))[:, None]
    save_pretrained(
        Path(target),
        embeddings=vectors.astype(np.float16),
        tokenizer=tokenizer,
        config={"model_type": "model2vec", "architectures": ["StaticModel"], "normalize": True},
        create_model_card=False,
    )


def _layers(source: str, start: int, end: int) -> list[Any]:
    """Last hidden state of each token between the special ones, and its row of the first layer."""
    # Threads that wait without working would slow each other on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import numpy as np
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(
        source, attn_implementation="eager", local_files_only=True, dtype=torch.float32
    ).eval()
    rows = model.embeddings.word_embeddings.weight.detach()
    states = []
    with torch.inference_mode():
        for first in range(0, len(rows), _BATCH):
            batch = range(first, min(first + _BATCH, len(rows)))
            ids = torch.tensor([[start, token, end] for token in batch])
            mask = torch.ones_like(ids)
            states.append(model(input_ids=ids, attention_mask=mask).last_hidden_state[:, 1])
    # Double precision from here on: PCA would make the last bits of single precision visible.
    return [np.asarray(layer, np.float64) for layer in (torch.cat(states).numpy(), rows.numpy())]


def _scaled(features: Any) -> Any:  # noqa: ANN401 - numpy is imported late
    """Around zero, and of length 1 in the root mean square: no layer outweighs the other."""
    import numpy as np

    centred = features - features.mean(axis=0)
    return centred / np.sqrt((centred**2).sum(axis=1).mean())


def _whitened(features: Any) -> Any:  # noqa: ANN401 - numpy is imported late
    import numpy as np

    centred = features - features.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred / (len(centred) - 1))
    variances, axes = variances[::-1][:DIMENSION], axes[:, ::-1][:, :DIMENSION]
    components = centred @ axes
    # An axis may come out either way round: its largest number is made positive.
    largest = components[np.abs(components).argmax(axis=0), range(DIMENSION)]
    return components * np.sign(largest) / np.sqrt(variances)


def _weights(count: int) -> Any:  # noqa: ANN401 - numpy is imported late
    import numpy as np

    share = 1 / np.arange(2, count + 2)
    return _SIF / (_SIF + share / share.sum())


if __name__ == "__main__":
    distil(*sys.argv[1:])
