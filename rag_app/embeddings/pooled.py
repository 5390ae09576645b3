"""Contextual word vectors, pooled: BERT, ALBERT, RoBERTa, GPT-2, T5's encoder, XLNet and kin.

``transformers:NAME-or-path?pooling=mean`` (or ``cls``, ``max``, ``lasttoken``) takes any encoder
or decoder of the library transformers and makes one vector of its token vectors, without any
training for that: a baseline that shows what training on sentences buys. The other options are
those of ``sentence-transformers:``.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.embeddings.transformer import OPTIONS, Transformer, open_model
from rag_app.errors import UsageError
from rag_app.settings import Settings

POOLINGS = ("mean", "cls", "max", "lasttoken")
"""How token vectors become one; the first unless the spec says otherwise (Reimers and Gurevych
2019 found the mean best for BERT; decoders see all of a text only at its last token)."""


def load(spec: ModelSpec, settings: Settings) -> Transformer:
    """Loads the model and puts the pooling on top; torch takes many seconds to import.

    Raises:
        UsageError: An unknown option or pooling, or a value out of range.
        EmbeddingError: There is no such folder, no weights in it, or no such model to be had.
    """
    spec.allow("pooling", *OPTIONS)
    pooling = spec.options.get("pooling", POOLINGS[0])
    if pooling not in POOLINGS:
        raise UsageError(f"'{spec}': pooling is {', '.join(POOLINGS[:-1])} or {POOLINGS[-1]}.")
    return open_model(spec, settings, lambda name, local: _build(name, pooling, local=local))


def _build(name: str, pooling: str, *, local: bool) -> Any:  # noqa: ANN401 - untyped library
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules

    only = {"local_files_only": local}
    encoder = modules.Transformer(
        name, model_kwargs=dict(only), config_kwargs=dict(only), processor_kwargs=dict(only)
    )
    tokenizer = encoder.tokenizer
    if tokenizer.pad_token is None:
        # GPT-2 has none. The mask hides what is padded, so any token does.
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    if encoder.auto_model.config.model_type in _ABSOLUTE_DECODERS:
        # It counts positions from the left edge: padding there would move the text.
        tokenizer.padding_side = "right"
    positions = _positions(encoder.auto_model)
    if positions and (encoder.max_seq_length is None or encoder.max_seq_length > positions):
        encoder.max_seq_length = positions
    top = modules.Pooling(encoder.get_embedding_dimension(), pooling_mode=pooling)
    return SentenceTransformer(modules=[encoder, top])


_ABSOLUTE_DECODERS = frozenset({"gpt2", "gpt_neo", "openai-gpt", "opt", "xglm"})


def _positions(model: Any) -> int | None:  # noqa: ANN401 - untyped library
    """Positions that the model has vectors for; RoBERTa's begin after that of its padding."""
    table = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
    rows = getattr(table, "num_embeddings", None)
    if rows is None:
        return None
    skipped = getattr(table, "padding_idx", None)
    return int(rows) if skipped is None else int(rows) - int(skipped) - 1


def models(settings: Settings) -> list[ModelStatus]:
    """The provider itself: its models are the user's."""
    del settings
    state = "ready" if find_spec("sentence_transformers") else "needs package sentence-transformers"
    note = "BERT, GPT-2, T5 and others, their token vectors pooled; a folder or a hub's name"
    return [ModelStatus("transformers:NAME-OR-PATH", state, note=note)]
