"""The bundled model: all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019) in ONNX.

``minilm`` computes with 8-bit integers, 1.4 times as fast as ``minilm?precision=float32``, whose
vectors are those of the published model. The two do not mix: each has its own fingerprint.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.embeddings.cores import threads
from rag_app.embeddings.minilm_files import (
    DEFAULT_PRECISION,
    GRAPH,
    PACKAGE,
    WEIGHTS_SHA256,
    encoder_export,
    ensure_onnx,
    is_ready,
    model_folder,
    onnx_path,
    opened,
)
from rag_app.embeddings.onnx_encoder import OnnxEncoder
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.errors import EmbeddingError, UsageError
from rag_app.settings import Settings
from rag_app.types import EmbeddingIdentity

_PUBLISHED = EmbeddingIdentity(
    spec="minilm?precision=float32",
    fingerprint=WEIGHTS_SHA256,
    dimension=384,
    max_tokens=256,
    normalized=True,
)
_INT8 = hashlib.sha256(f"{WEIGHTS_SHA256} int8 {GRAPH}".encode()).hexdigest()
IDENTITIES = {
    "int8": replace(_PUBLISHED, spec="minilm", fingerprint=_INT8),
    "float32": _PUBLISHED,
}
IDENTITY = IDENTITIES[DEFAULT_PRECISION]
_log = logging.getLogger(__name__)


class MiniLM(IdentifiedEmbeddings):
    """all-MiniLM-L6-v2: English, 384 dimensions, 256 tokens, no prefixes, vectors of length 1."""

    languages = ("en",)

    def __init__(self, encoder: OnnxEncoder, precision: str, disk_bytes: int | None = None) -> None:
        self._encoder = encoder
        self._identity = IDENTITIES[precision]
        self.disk_bytes = disk_bytes

    @property
    def identity(self) -> EmbeddingIdentity:
        """The published model's, or that of its 8-bit copy."""
        return self._identity

    def _embed(self, texts: Sequence[str]) -> Vectors:
        with self._encoding():
            return self._encoder.encode(self._encoder.tokenize(texts))

    def close(self) -> None:
        """Ends the encoder's threads."""
        self._encoder.close()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text in the model's own tokenizer, special tokens included, uncut."""
        return self._encoder.count_tokens(texts)


def load(spec: ModelSpec, settings: Settings) -> MiniLM:
    """Loads the bundled model, exporting it to ONNX first where that was never done.

    Raises:
        UsageError: The spec has another option than ``precision``, or that an unknown value.
        EmbeddingError: The model's package is missing or damaged, or the cache folder cannot be
            written.
    """
    spec.allow("precision")
    precision = spec.options.get("precision", DEFAULT_PRECISION)
    if precision not in IDENTITIES:
        raise UsageError(f"'{spec}': precision is {' or '.join(IDENTITIES)}.")
    tokenizer, cores = model_folder() / "tokenizer.json", threads(settings)
    export = encoder_export(settings, precision)

    def encoder(path: Path) -> OnnxEncoder:
        return OnnxEncoder(path, tokenizer, IDENTITY.max_tokens, cores)

    return MiniLM(opened(export, _log.warning, encoder), precision, export.path.stat().st_size)


def prepare(settings: Settings, echo: Callable[[str], None]) -> Path:
    """Makes the ONNX file if it is not there or damaged, and returns its path.

    Raises:
        EmbeddingError: It cannot be made.
    """
    model_folder()
    return ensure_onnx(settings, echo, thorough=True)


def models(settings: Settings) -> list[ModelStatus]:
    """The one model in its two precisions, without loading it."""
    try:
        model_folder()
        state = "ready"
    except EmbeddingError:
        state = f"needs package {PACKAGE.replace('_', '-')}"
    return [
        ModelStatus(
            identity.spec,
            state,
            identity.dimension,
            identity.max_tokens,
            None,
            _note(settings, precision),
            MiniLM.languages,
        )
        for precision, identity in IDENTITIES.items()
    ]


_NOTES = {
    "int8": "bundled, English, needs no network",
    "float32": "the same in full precision, slower",
}


def _note(settings: Settings, precision: str) -> str:
    prepared = is_ready(onnx_path(settings, precision))
    return _NOTES[precision] + ("" if prepared else "; prepared at first use")
