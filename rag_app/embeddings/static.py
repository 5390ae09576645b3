"""Static models of model2vec: a vector for each token, averaged; thousands of texts a second.

``static:minilm`` is distilled from the bundled model on this machine, once (van Dongen and
Tulkens 2024, Model2Vec). ``static:/path`` is a saved model2vec model, ``static:ORGANISATION/NAME``
one of a hub. Options: ``max_tokens`` (what is read of a text), ``query_prefix`` and
``document_prefix``.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from rag_app.embeddings.base import IdentifiedEmbeddings, UnknownWords, Vectors
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.embeddings.static_distill import DIMENSION
from rag_app.embeddings.static_files import (
    FINGERPRINT,
    distilled_folder,
    ensure_distilled,
    is_distilled,
)
from rag_app.embeddings.static_tokens import Tokens
from rag_app.errors import EmbeddingError
from rag_app.settings import Settings
from rag_app.types import EmbeddingIdentity

OURS = "minilm"
OPTIONS = ("document_prefix", "max_tokens", "query_prefix")
MAX_TOKENS = 8192
"""They could read any length; a bound keeps the time bounded."""
_EXAMPLES = 10
_log = logging.getLogger(__name__)


class StaticModel(IdentifiedEmbeddings):
    """The mean of the tokens' vectors, scaled to length 1; zero where no token is known.

    Args:
        model: A loaded ``model2vec.StaticModel``.
        spec: With an absolute path where it names a folder.
        fingerprint: None to take that of its numbers and its tokenizer.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401 - its class is imported late
        spec: ModelSpec,
        fingerprint: str | None = None,
    ) -> None:
        self._tokens = Tokens(model.tokenizer)
        self._unknown = model.unk_token_id
        self._vectors = _table(model)
        self._zero = np.zeros(self._vectors.shape[1], np.float32)
        tokens: Iterable[str] = model.tokens
        self._starts = np.array([not token.startswith("##") for token in tokens])
        self._identity = EmbeddingIdentity(
            spec=str(spec),
            fingerprint=fingerprint or _fingerprint(self._vectors, model.tokenizer),
            dimension=self._vectors.shape[1],
            max_tokens=spec.number("max_tokens", MAX_TOKENS, least=8),
            query_prefix=spec.options.get("query_prefix", ""),
            document_prefix=spec.options.get("document_prefix", ""),
        )

    @property
    def identity(self) -> EmbeddingIdentity:
        """What the loaded model is."""
        return self._identity

    def _embed(self, texts: Sequence[str]) -> Vectors:
        with self._encoding():
            limit = self._identity.max_tokens
            ids = [row[:limit] for row in self._tokens.ids(texts)]
            # One text at a time stays in the processor's caches; np.add.reduceat took 20 times as
            # long over many.
            sums = np.stack([self._vectors[row].sum(axis=0) if row else self._zero for row in ids])
            norms = np.linalg.norm(sums, axis=1, keepdims=True)
            return cast("Vectors", sums / np.where(norms > 0, norms, 1))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each passage in the model's own tokenizer."""
        return [len(row) for row in self._tokens.ids(self._passages(texts))] if texts else []

    def count_unknown(self, texts: Sequence[str]) -> UnknownWords:
        """Words that its tokenizer has no pieces for."""
        words = unknown = blank = 0
        seen: Counter[str] = Counter()
        # A text without an unknown token, and that is nearly every one, is looked at no further.
        for text, ids in zip(texts, self._tokens.ids(texts), strict=True):
            words += int(self._starts[ids].sum()) if ids else 0
            missing = ids.count(self._unknown) if self._unknown is not None else 0
            blank += missing == len(ids)
            if missing:
                unknown += missing
                seen.update(self._tokens.unknown_in(text, self._unknown))
        examples = tuple(word for word, _ in seen.most_common(_EXAMPLES))
        return UnknownWords(words, unknown, len(texts), blank, examples)

    def word_vector(self, word: str) -> Vectors | None:
        """The vector of one word, or None if its tokenizer has no pieces for it."""
        vector = self._embed([word])[0]
        return vector if vector.any() else None

    def _passages(self, texts: Sequence[str]) -> list[str]:
        return [self._identity.document_prefix + text for text in texts]


def _table(model: Any) -> Vectors:  # noqa: ANN401 - its class is imported late
    """A row for each token, its weight in it; zero for the unknown token, which says nothing."""
    vectors = np.asarray(model.embedding, np.float32)
    if model.token_mapping is not None:
        vectors = vectors[model.token_mapping]
    if model.weights is not None:
        vectors = vectors * np.asarray(model.weights, np.float32)[:, None]
    if model.unk_token_id is not None:
        vectors = vectors.copy()
        vectors[model.unk_token_id] = 0
    return vectors


def _fingerprint(vectors: Vectors, tokenizer: Any) -> str:  # noqa: ANN401 - tokenizers.Tokenizer
    digest = hashlib.sha256(f"{vectors.shape}".encode())
    digest.update(np.ascontiguousarray(vectors).tobytes())
    digest.update(tokenizer.to_str().encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def load(spec: ModelSpec, settings: Settings) -> StaticModel:
    """Loads a static model, distilling the bundled one first where that was never done.

    Raises:
        UsageError: An unknown option, or a value out of range.
        EmbeddingError: There is no such folder, no model in it, or no such model to be had.
    """
    spec.allow(*OPTIONS)
    if spec.model == OURS:
        place = ensure_distilled(settings, _log.warning)
        model = StaticModel(_open(place, spec), spec, FINGERPRINT)
        model.languages = ("en",)
        model.disk_bytes = _size(place)
        return model
    folder = Path(spec.model).expanduser()
    if folder.is_dir():
        own = ModelSpec(spec.provider, str(folder.resolve()), spec.options)
        model = StaticModel(_open(folder, own), own)
        model.disk_bytes = _size(folder)
        return model
    if spec.model.count("/") != 1 or spec.model.startswith((".", "~", "/")):
        raise EmbeddingError(
            f"There is no folder {folder} with a model2vec model in it. Correct the path in "
            f"'{spec}', or write static:{OURS}."
        )
    return StaticModel(_from_hub(spec), spec)


def _open(folder: Path, spec: ModelSpec) -> Any:  # noqa: ANN401 - its class is imported late
    from model2vec import StaticModel as Library

    try:
        return Library.from_pretrained(folder, max_length=None)
    except Exception as error:
        raise EmbeddingError(
            f"The folder {folder} of '{spec}' holds no model2vec model that can be read "
            f"({' '.join(str(error).split())[:200].rstrip('.')}). Give the folder that one was "
            "saved to (model.safetensors, tokenizer.json, config.json)."
        ) from error


def _from_hub(spec: ModelSpec) -> Any:  # noqa: ANN401 - its class is imported late
    from model2vec import StaticModel as Library
    from model2vec.persistence.hf import maybe_get_cached_model_path

    from rag_app.embeddings.transformer import reach_hub

    try:
        if maybe_get_cached_model_path(spec.model) is None:
            reach_hub()
        return Library.from_pretrained(spec.model, max_length=None, force_download=False)
    except Exception as error:
        raise EmbeddingError(
            f"The model '{spec.model}' is not on this machine, and the model hub did not give it. "
            f"Check the name and the network, or write static:/path/to/model or static:{OURS}."
        ) from error


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def models(settings: Settings) -> list[ModelStatus]:
    """The distilled model, and the place of the user's own."""
    prepared = is_distilled(distilled_folder(settings))
    note = "distilled from the bundled model" + ("" if prepared else " at first use")
    return [
        ModelStatus(f"static:{OURS}", "ready", DIMENSION, MAX_TOKENS, None, note, ("en",)),
        ModelStatus(
            "static:NAME-OR-PATH",
            "ready",
            note="a saved model2vec model, or a name that its hub is asked for once",
        ),
    ]
