"""The sentence-transformers provider, with a tiny real model."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from embeddings_samples import make_tiny_model

from rag_app.embeddings import load_embeddings
from rag_app.errors import EmbeddingError, UsageError
from rag_app.settings import load_settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    return load_settings({"home": folder, "cache": folder, "threads": 1}, environ={})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    prompts = {"query": "ask ", "document": "read "}
    return make_tiny_model(tmp_path_factory.mktemp("model"), prompts)


@pytest.fixture(scope="module")
def model(folder, settings):
    return load_embeddings(f"sentence-transformers:{folder}", settings)


def test_the_models_prompts_become_prefixes(model):
    identity = model.identity
    assert (identity.query_prefix, identity.document_prefix) == ("ask ", "read ")
    assert (identity.dimension, identity.max_tokens) == (32, 48)
    plain = model.count_tokens(["abc"])[0]
    assert plain == len("read") + len("abc") + 2


def test_prefixes_are_put_once(model, folder):
    from sentence_transformers import SentenceTransformer

    direct = SentenceTransformer(str(folder), device="cpu")
    theirs = direct.encode(["read abc", "ask abc"], prompt="", normalize_embeddings=True)
    assert np.allclose(model.encode_documents(["abc"])[0], theirs[0], atol=1e-5)
    assert np.allclose(model.encode_query("abc"), theirs[1], atol=1e-5)
    assert np.allclose(direct.encode_query("abc", normalize_embeddings=True), theirs[1], atol=1e-5)


def test_options_override_the_model(folder, settings):
    spec = f"sentence-transformers:{folder}?query_prefix=q:%20&max_tokens=20"
    model = load_embeddings(spec, settings)
    assert model.identity.query_prefix == "q: "
    assert model.identity.document_prefix == "read "
    assert model.identity.max_tokens == 20
    assert load_embeddings(model.identity.spec, settings).identity == model.identity


def test_a_relative_path_is_kept_absolute(folder, settings, monkeypatch, model):
    monkeypatch.chdir(folder.parent)
    relative = load_embeddings("sentence-transformers:./model", settings)
    assert relative.identity == model.identity


def test_a_copy_has_the_same_fingerprint_and_other_weights_another(
    folder, settings, tmp_path, model
):
    shutil.copytree(folder, tmp_path / "copy")
    copy = load_embeddings(f"sentence-transformers:{tmp_path / 'copy'}", settings)
    assert copy.identity.fingerprint == model.identity.fingerprint
    weights = tmp_path / "copy" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-2] ^= 8
    weights.write_bytes(content)
    changed = load_embeddings(f"sentence-transformers:{tmp_path / 'copy'}", settings)
    assert changed.identity.fingerprint != model.identity.fingerprint


def test_pooling_is_part_of_the_fingerprint(folder, settings, tmp_path, model):
    shutil.copytree(folder, tmp_path / "copy")
    config = tmp_path / "copy" / "1_Pooling" / "config.json"
    text = config.read_text()
    assert '"mean"' in text
    config.write_text(text.replace('"mean"', '"cls"'))
    other = load_embeddings(f"sentence-transformers:{tmp_path / 'copy'}", settings)
    assert other.identity.fingerprint != model.identity.fingerprint


def test_a_folder_without_weights(settings, tmp_path):
    with pytest.raises(EmbeddingError, match="holds no model weights"):
        load_embeddings(f"sentence-transformers:{tmp_path}", settings)


def test_damaged_weights(folder, settings, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy" / "model.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(EmbeddingError, match="cannot be loaded"):
        load_embeddings(f"sentence-transformers:{tmp_path / 'copy'}", settings)


def test_no_such_folder(settings):
    for path in ("./no/such", "/no/such/model", "~/no-such-model-here"):
        with pytest.raises(EmbeddingError, match="There is no folder"):
            load_embeddings(f"sentence-transformers:{path}", settings)


def test_a_hub_name_without_a_hub(settings, monkeypatch):
    """The hub's address is a closed port of loopback: one sentence, and no minute of retries."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(EmbeddingError, match="not on this machine") as caught:
        load_embeddings("sentence-transformers:nobody/nothing-of-this-name", settings)
    assert "sentence-transformers:/path/to/model" in str(caught.value)


def test_bad_options(folder, settings):
    for options in ("size=1", "max_tokens=49", "max_tokens=two"):
        with pytest.raises(UsageError):
            load_embeddings(f"sentence-transformers:{folder}?{options}", settings)
