"""Any model of the library sentence-transformers: a folder on this machine, or a hub's name.

``sentence-transformers:PATH`` or ``sentence-transformers:ORGANISATION/NAME``, with the options
``query_prefix`` and ``document_prefix`` (for models that want them and do not say so themselves)
and ``max_tokens`` (less than the model could read). A hub is asked only for a name that is not on
this machine already.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.errors import EmbeddingError, RagError
from rag_app.settings import Settings
from rag_app.types import EmbeddingIdentity

OPTIONS = ("document_prefix", "max_tokens", "query_prefix")
MAX_TOKENS = 512
"""Where a model does not say what it reads; larger values mean that it does not say either."""
_UNBOUNDED = 1_000_000
_BATCH = 16
_HUB_TIMEOUT_S = 10.0
_WEIGHTS = ("*.safetensors", "*.bin")

Build = Callable[[str, bool], Any]
"""Makes a ``SentenceTransformer`` of a folder or a hub's name; True asks no hub."""


class Transformer(IdentifiedEmbeddings):
    """A loaded ``SentenceTransformer``. Vectors are always scaled to length 1.

    Args:
        model: The loaded model.
        spec: With an absolute path where it names a folder.
    """

    def __init__(self, model: Any, spec: ModelSpec) -> None:  # noqa: ANN401 - untyped library
        self._model = model
        self._lock = Lock()  # the tokenizer's truncation is a state that calls share
        limit = _limit(model)
        model.max_seq_length = spec.number("max_tokens", limit, least=8, most=limit)
        self.disk_bytes = sum(value.nbytes for value in model.state_dict().values())
        self._identity = EmbeddingIdentity(
            spec=str(spec),
            fingerprint=_fingerprint(model),
            dimension=model.get_embedding_dimension(),
            max_tokens=model.max_seq_length,
            normalized=True,
            query_prefix=_prefix(model, spec, "query_prefix", "query"),
            document_prefix=_prefix(model, spec, "document_prefix", "document", "passage"),
        )

    @property
    def identity(self) -> EmbeddingIdentity:
        """What the loaded model is."""
        return self._identity

    @property
    def model(self) -> Any:  # noqa: ANN401 - untyped library
        """The library's own object, for whoever trains it further."""
        return self._model

    def _embed(self, texts: Sequence[str]) -> Vectors:
        return self._run(texts, "document")

    def _embed_query(self, text: str) -> Vectors:
        return self._run([text], "query")

    def _run(self, texts: Sequence[str], task: str) -> Vectors:
        with self._lock, self._encoding():
            vectors = self._model.encode(
                list(texts),
                prompt="",  # the base class has put the prefix before the text
                task=task,
                batch_size=_BATCH,
                show_progress_bar=False,
                normalize_embeddings=True,
            )
        return np.asarray(vectors, np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each passage in the model's own tokenizer."""
        passages = [self._identity.document_prefix + text for text in texts]
        if not passages:
            return []
        tokenizer = self._model.tokenizer
        with self._lock:
            if not callable(tokenizer):  # a static model has a bare tokenizer
                return [len(encoding.ids) for encoding in tokenizer.encode_batch(passages)]
            return [len(ids) for ids in tokenizer(passages, verbose=False)["input_ids"]]


def load(spec: ModelSpec, settings: Settings) -> Transformer:
    """Loads the model; its library takes many seconds to import.

    Raises:
        UsageError: An unknown option, or a value out of range.
        EmbeddingError: There is no such folder, no weights in it, or no such model to be had.
    """
    spec.allow(*OPTIONS)
    return open_model(spec, settings, _build)


def open_model(spec: ModelSpec, settings: Settings, build: Build) -> Transformer:
    """Loads a model from its folder, from what was fetched before, or from its hub.

    Args:
        spec: Names the folder or the hub's model.
        settings: ``threads`` is for torch.
        build: Makes the model; it may raise whatever its libraries raise.

    Raises:
        EmbeddingError: There is no such folder, no weights in it, or no such model to be had.
    """
    folder = Path(spec.model).expanduser()
    if folder.is_dir():
        return _from_folder(replace(spec, model=str(folder.resolve())), settings, build)
    if spec.model.count("/") > 1 or spec.model.startswith((".", "~", "/")):
        raise EmbeddingError(
            f"There is no folder {folder} with a model in it. Correct the path in '{spec}'."
        )
    return _from_hub(spec, settings, build)


def _from_folder(spec: ModelSpec, settings: Settings, build: Build) -> Transformer:
    if not any(file for pattern in _WEIGHTS for file in Path(spec.model).rglob(pattern)):
        raise EmbeddingError(
            f"The folder {spec.model} holds no model weights (*.safetensors or *.bin). Give the "
            "folder that a model was saved to."
        )
    with quiet(settings):
        try:
            model = build(spec.model, True)
        except RagError:
            raise
        except Exception as error:
            raise EmbeddingError(
                f"The model in {spec.model} cannot be loaded: {_reason(error)}. Give the folder "
                f"that a model for {spec.provider} was saved to."
            ) from error
        return Transformer(model, spec)


def _from_hub(spec: ModelSpec, settings: Settings, build: Build) -> Transformer:
    with quiet(settings):
        try:
            model = build(spec.model, True)
        except (OSError, ValueError):  # not on this machine
            try:
                reach_hub()
                model = build(spec.model, False)
            except Exception as error:
                raise EmbeddingError(
                    f"The model '{spec.model}' is not on this machine, and the model hub did not "
                    "give it. Check the name and the network, or give the folder of a model that "
                    f"you have: {spec.provider}:/path/to/model."
                ) from error
        return Transformer(model, spec)


def _build(name: str, local: bool) -> Any:  # noqa: ANN401 - untyped library
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(name, local_files_only=local)


def reach_hub() -> None:
    """One request with a short wait: the hub's own client tries for more than a minute."""
    from huggingface_hub import constants, get_session

    get_session().head(constants.ENDPOINT, timeout=_HUB_TIMEOUT_S)


@contextmanager
def quiet(settings: Settings) -> Iterator[None]:
    """Keeps from the user what torch and its companions say while loading, and from the hub."""
    import torch
    from huggingface_hub import constants
    from transformers.utils import logging as hub_logging

    constants.HF_HUB_DISABLE_TELEMETRY = True
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    hub_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if settings.threads:
        torch.set_num_threads(settings.threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _limit(model: Any) -> int:  # noqa: ANN401 - untyped library
    limit = model.max_seq_length
    if limit is None or limit > _UNBOUNDED:
        limit = getattr(model.tokenizer, "model_max_length", None)
    return int(limit) if limit and limit <= _UNBOUNDED else MAX_TOKENS


def _prefix(model: Any, spec: ModelSpec, option: str, *names: str) -> str:  # noqa: ANN401
    prompts = model.prompts or {}
    own = next((prompts[name] for name in names if prompts.get(name)), "")
    return spec.options.get(option, own)


def _fingerprint(model: Any) -> str:  # noqa: ANN401 - untyped library
    """SHA-256 of all weights, and of what the other modules (pooling) are set to."""
    import torch

    digest = hashlib.sha256()
    for module in model.children():
        settings: dict[str, Any] = getattr(module, "get_config_dict", dict)()
        # The path and the length limit are not the model; the limit is in the identity by itself.
        kept = {key: settings[key] for key in sorted(settings) if key.startswith("pooling")}
        digest.update(f"{type(module).__name__} {kept}".encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        plain = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(plain.view(torch.uint8).numpy())
    return digest.hexdigest()


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:200].rstrip(".") or type(error).__name__


def models(settings: Settings) -> list[ModelStatus]:
    """The provider itself: its models are the user's."""
    del settings
    state = "ready" if find_spec("sentence_transformers") else "needs package sentence-transformers"
    note = "a folder on this machine, or a name that its hub is asked for once"
    return [ModelStatus("sentence-transformers:NAME-OR-PATH", state, note=note)]
