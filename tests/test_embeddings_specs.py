"""Specs, the table of providers, the choice of a collection's model, and light imports."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from embeddings_samples import CountingEmbeddings, settings_in

import rag_app.embeddings
from rag_app.embeddings import (
    check_identity,
    embeddings_for,
    list_models,
    load_embeddings,
    parse_spec,
)
from rag_app.embeddings import providers as table
from rag_app.embeddings.address import host_of, is_loopback
from rag_app.embeddings.minilm import IDENTITY
from rag_app.embeddings.providers import Provider
from rag_app.errors import EmbeddingError, EmbeddingMismatchError, MissingExtraError, UsageError
from rag_app.types import EmbeddingIdentity


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path)


OTHER = EmbeddingIdentity(
    spec="sentence-transformers:/models/e5",
    fingerprint="ab" * 32,
    dimension=768,
    max_tokens=512,
    query_prefix="query: ",
    document_prefix="passage: ",
)


@pytest.mark.parametrize(
    ("text", "provider", "model", "options"),
    [
        ("minilm", "minilm", "", {}),
        ("OpenAI:m:1", "openai", "m:1", {}),
        ("openai:m?dimensions=256", "openai", "m", {"dimensions": "256"}),
        ("st:/a/b?q=query:%20&d=x", "st", "/a/b", {"q": "query: ", "d": "x"}),
    ],
)
def test_specs(text, provider, model, options):
    spec = parse_spec(text)
    assert (spec.provider, spec.model, spec.options) == (provider, model, options)
    assert parse_spec(str(spec)) == spec


@pytest.mark.parametrize("text", ["", "  ", ":m", "?a=1", "openai:m?dimensions"])
def test_bad_specs(text):
    with pytest.raises(UsageError):
        parse_spec(text)


def test_unknown_provider_names_the_known_and_the_near(settings):
    with pytest.raises(UsageError) as caught:
        load_embeddings("sentence-transformer:x", settings)
    said = str(caught.value)
    assert "Did you mean 'sentence-transformers'?" in said
    assert ", ".join(sorted(table.PROVIDERS)) in said
    for typed, meant in (
        ("word2vek:m", "word2vec"),
        ("tf-idf", "tfidf"),
        ("coher:m", "cohere"),
        ("transformer:m", "transformers"),
        ("open-ai:m", "openai"),
    ):
        with pytest.raises(UsageError, match=f"Did you mean '{meant}'"):
            load_embeddings(typed, settings)
    with pytest.raises(UsageError, match="no embedding provider 'zzz'") as caught:
        load_embeddings("zzz", settings)
    assert "Did you mean" not in str(caught.value)


def test_a_missing_extra_gives_the_install_command(settings, monkeypatch):
    row = Provider("minilm", named=False, extra="wonder", packages=("no_such_package_here",))
    monkeypatch.setitem(table.PROVIDERS, "minilm", row)
    with pytest.raises(MissingExtraError, match=r"pip install 'rag-app\[wonder\]'"):
        load_embeddings("minilm", settings)
    states = {status.spec: status.state for status in list_models(settings)}
    assert states["minilm"] == "needs extra wonder"


def test_every_row_of_the_table_has_its_file(settings):
    specs = [parse_spec(status.spec).provider for status in list_models(settings)]
    assert set(specs) | {"tuned"} == set(table.PROVIDERS)  # which lists only what there is
    assert specs[0] == "minilm"  # what a newcomer should see first


def test_a_new_collection_gets_the_bundled_model(settings):
    assert embeddings_for(settings, None).identity == IDENTITY


def test_auto_is_the_collections_own_model(settings):
    assert embeddings_for(settings, IDENTITY).identity.spec == "minilm"
    with pytest.raises(EmbeddingError, match="There is no folder /models/e5"):
        embeddings_for(settings, OTHER)


def test_another_model_is_refused_with_both_names_and_the_ways_out(settings):
    with pytest.raises(EmbeddingMismatchError) as caught:
        embeddings_for(settings.override(embedding="minilm"), OTHER)
    said = str(caught.value)
    for words in (
        "built with 'sentence-transformers:/models/e5', but 'minilm' is set",
        "dimension 768 there, 384 here",
        "longest text in tokens 512 there, 256 here",
        "question prefix 'query: ' there, '' here",
        "weights 'abababababa",
        "--embedding 'sentence-transformers:/models/e5'",
        "unset RAG_EMBEDDING",
        "--collection NEW --embedding 'minilm'",
    ):
        assert words in said
    assert said.count("ab") < 20  # a fingerprint is cut short


def test_the_same_name_with_other_weights_is_refused():
    changed = replace(IDENTITY, fingerprint="cd" * 32)
    with pytest.raises(EmbeddingMismatchError, match=r"no longer the one.*weights"):
        check_identity(IDENTITY, changed)


def test_the_same_weights_under_another_name_are_the_same_model():
    check_identity(OTHER, replace(OTHER, spec="sentence-transformers:/moved/e5"))


def test_wrong_shapes_and_values_are_errors():
    class Odd(CountingEmbeddings):
        def _embed(self, texts):
            return super()._embed(texts)[:, :-1]

    class Broken(CountingEmbeddings):
        def _embed(self, texts):
            return super()._embed(texts) * float("nan")

    with pytest.raises(EmbeddingError, match=r"shape \(2, 7\) where \(2, 8\)"):
        Odd().encode_documents(["a", "b"])
    with pytest.raises(EmbeddingError, match="shape"):
        Odd().encode_query("a")
    with pytest.raises(EmbeddingError, match="not finite"):
        Broken().encode_documents(["a"])


@pytest.mark.parametrize(
    ("address", "host", "loopback"),
    [
        ("http://localhost:8080/v1", "localhost", True),
        ("http://127.0.0.1:1/v1", "127.0.0.1", True),
        ("http://[::1]:1/v1", "::1", True),
        ("https://api.openai.com/v1", "api.openai.com", False),
        ("http://192.168.1.5/v1", "192.168.1.5", False),
        ("nonsense", "nonsense", False),
    ],
)
def test_addresses(address, host, loopback):
    assert host_of(address) == host
    assert is_loopback(address) is loopback


def test_public_names_are_sorted_and_there():
    names = rag_app.embeddings.__all__
    assert names == sorted(names)
    for name in names:
        assert getattr(rag_app.embeddings, name).__class__.__name__ != "module"
    with pytest.raises(AttributeError):
        _ = rag_app.embeddings.no_such_name


def modules_after(code):
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_importing_is_light():
    heavy = {"numpy", "onnxruntime", "torch", "transformers", "tokenizers", "langchain_core"}
    assert not heavy & modules_after("import rag_app.embeddings")


def test_listing_models_loads_no_model_library(tmp_path):
    loaded = modules_after(
        "from rag_app.embeddings import list_models\n"
        "from rag_app.settings import load_settings\n"
        f"assert list_models(load_settings({{'home': {str(tmp_path)!r}}}, environ={{}}))"
    )
    heavy = {"onnxruntime", "torch", "transformers", "tokenizers", "openai", "langchain_openai"}
    assert not heavy & loaded
    assert "sentence_transformers" not in loaded
