"""The bundled model: all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019) in ONNX."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.embeddings.cores import threads
from rag_app.embeddings.minilm_files import (
    PACKAGE,
    WEIGHTS_SHA256,
    ensure_onnx,
    is_ready,
    model_folder,
    onnx_path,
)
from rag_app.embeddings.onnx_encoder import OnnxEncoder, batches
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.errors import EmbeddingError
from rag_app.settings import Settings
from rag_app.types import EmbeddingIdentity

IDENTITY = EmbeddingIdentity(
    spec="minilm", fingerprint=WEIGHTS_SHA256, dimension=384, max_tokens=256, normalized=True
)
_log = logging.getLogger(__name__)


class MiniLM(IdentifiedEmbeddings):
    """all-MiniLM-L6-v2: English, 384 dimensions, 256 tokens, no prefixes, vectors of length 1."""

    identity = IDENTITY

    def __init__(self, encoder: OnnxEncoder) -> None:
        self._encoder = encoder

    def _embed(self, texts: Sequence[str]) -> Vectors:
        tokens = self._encoder.tokenize(texts)
        vectors = np.empty((len(texts), IDENTITY.dimension), np.float32)
        for batch in batches(tokens):
            with self._encoding():
                vectors[batch] = self._encoder.run([tokens[position] for position in batch])
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text in the model's own tokenizer, special tokens included, uncut."""
        return self._encoder.count_tokens(texts)


def load(spec: ModelSpec, settings: Settings) -> MiniLM:
    """Loads the bundled model, exporting it to ONNX first where that was never done.

    Raises:
        UsageError: The spec has an option.
        EmbeddingError: The model's package is missing or damaged, or the cache folder cannot be
            written.
    """
    spec.allow()
    folder = model_folder()
    path = ensure_onnx(settings, _log.warning)
    try:
        encoder = _encoder(path, folder, settings)
    except Exception as error:  # noqa: BLE001 - one file that may be damaged; any fault of the reader
        _log.warning("%s cannot be read (%s); making it again.", path, error)
        encoder = _repaired(folder, settings)
    return MiniLM(encoder)


def _repaired(folder: Path, settings: Settings) -> OnnxEncoder:
    path = ensure_onnx(settings, _log.warning, thorough=True)
    try:
        return _encoder(path, folder, settings)
    except Exception as error:
        raise EmbeddingError(
            f"ONNX Runtime cannot load {path}: {error}. `rag doctor` checks the installation."
        ) from error


def _encoder(path: Path, folder: Path, settings: Settings) -> OnnxEncoder:
    return OnnxEncoder(path, folder / "tokenizer.json", IDENTITY.max_tokens, threads(settings))


def prepare(settings: Settings, echo: Callable[[str], None]) -> Path:
    """Makes the ONNX file if it is not there or damaged, and returns its path.

    Raises:
        EmbeddingError: It cannot be made.
    """
    model_folder()
    return ensure_onnx(settings, echo, thorough=True)


def models(settings: Settings) -> list[ModelStatus]:
    """The one model, without loading it."""
    try:
        model_folder()
    except EmbeddingError:
        state, note = f"needs package {PACKAGE.replace('_', '-')}", ""
    else:
        state = "ready"
        prepared = is_ready(onnx_path(settings))
        note = "" if prepared else "; prepared at first use, or by `rag models prepare`"
    note = f"bundled, English, needs no network{note}"
    return [ModelStatus("minilm", state, IDENTITY.dimension, IDENTITY.max_tokens, None, note)]
