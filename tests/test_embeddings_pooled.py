"""Six architectures through ``transformers:``, each a tiny model with a real tokenizer.

The published weights of these architectures cannot be fetched here.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from pooled_samples import HIDDEN, MAKERS, POSITIONS, tiny

from rag_app.embeddings import load_embeddings
from rag_app.embeddings.pooled import POOLINGS
from rag_app.errors import EmbeddingError, UsageError
from rag_app.settings import load_settings

SHORT, LONG = "The pump.", "The warranty lasts two years, and the pump needs a filter."


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    return load_settings({"home": folder, "cache": folder, "threads": 1}, environ={})


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = tmp_path_factory.mktemp("tiny")
    return {kind: tiny(kind, made / kind) for kind in MAKERS}


def token_states(folder, text):
    """What transformers itself computes for one text: the reference."""
    import torch
    from transformers import AutoModel, AutoTokenizer, T5EncoderModel

    kind = json.loads((folder / "config.json").read_text())["model_type"]
    loader = T5EncoderModel if kind == "t5" else AutoModel
    model = loader.from_pretrained(folder, local_files_only=True).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    given = tokenizer(text, return_tensors="pt")
    given = {name: given[name] for name in ("input_ids", "attention_mask")}
    with torch.inference_mode():
        return model(**given).last_hidden_state[0].numpy()


REFERENCE = {
    "mean": lambda states: states.mean(axis=0),
    "max": lambda states: states.max(axis=0),
    "cls": lambda states: states[0],
    "lasttoken": lambda states: states[-1],
}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_is_that_of_the_tokens_alone_and_beside_a_longer_text(
    kind, pooling, folders, settings
):
    """A padded text has the vector that it has alone: no padding is pooled or read."""
    model = load_embeddings(f"transformers:{folders[kind]}?pooling={pooling}", settings)
    expected = REFERENCE[pooling](token_states(folders[kind], SHORT))
    expected /= np.linalg.norm(expected)
    alone = model.encode_documents([SHORT])[0]
    beside = model.encode_documents([LONG, SHORT, LONG * 2])[1]
    assert np.allclose(alone, expected, atol=1e-4)
    assert np.allclose(beside, expected, atol=1e-4)
    assert model.identity.dimension == HIDDEN


@pytest.mark.parametrize("kind", MAKERS)
def test_a_text_longer_than_the_model_is_cut(kind, folders, settings):
    model = load_embeddings(f"transformers:{folders[kind]}", settings)
    limit = model.identity.max_tokens
    assert limit == POSITIONS or (kind == "t5" and limit <= 512)
    long = "warranty pump filter " * 300
    assert model.count_tokens([long])[0] > limit
    vectors = model.encode_documents([long, long[: len(long) // 2]])
    assert np.allclose(vectors[0], vectors[1], atol=1e-4)


def test_only_the_encoder_of_t5_is_loaded(folders, settings):
    model = load_embeddings(f"transformers:{folders['t5']}", settings)
    saved = (folders["t5"] / "model.safetensors").stat().st_size
    assert model.disk_bytes < 0.7 * saved


def test_poolings_have_different_fingerprints_and_stable_ones(folders, settings):
    def fingerprint(pooling):
        spec = f"transformers:{folders['bert']}?pooling={pooling}"
        return load_embeddings(spec, settings).identity.fingerprint

    found = {pooling: fingerprint(pooling) for pooling in POOLINGS}
    assert len(set(found.values())) == len(POOLINGS)
    assert fingerprint("cls") == found["cls"]
    plain = load_embeddings(f"transformers:{folders['bert']}", settings).identity
    assert plain.fingerprint == found["mean"]


def test_prefixes(folders, settings):
    spec = f"transformers:{folders['bert']}"
    model = load_embeddings(f"{spec}?document_prefix=two%20", settings)
    plain = load_embeddings(spec, settings)
    assert np.allclose(model.encode_documents(["years"]), plain.encode_documents(["two years"]))
    assert np.allclose(model.encode_query("years"), plain.encode_query("years"))


def test_bad_specs(folders, settings, tmp_path, monkeypatch):
    from huggingface_hub import constants

    with pytest.raises(UsageError, match="mean, cls, max or lasttoken"):
        load_embeddings(f"transformers:{folders['bert']}?pooling=median", settings)
    with pytest.raises(UsageError, match="names no model"):
        load_embeddings("transformers:", settings)
    with pytest.raises(EmbeddingError, match="There is no folder"):
        load_embeddings("transformers:/no/such/model", settings)
    with pytest.raises(EmbeddingError, match="holds no model weights"):
        load_embeddings(f"transformers:{tmp_path}", settings)
    (tmp_path / "model.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(EmbeddingError, match="cannot be loaded"):
        load_embeddings(f"transformers:{tmp_path}", settings)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(EmbeddingError, match="transformers:/path/to/model"):
        load_embeddings("transformers:nobody/nothing-of-this-name", settings)
