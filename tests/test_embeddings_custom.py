"""``python:module:factory``: any LangChain Embeddings of the user's."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from rag_app.embeddings import load_embeddings
from rag_app.errors import EmbeddingError, UsageError
from rag_app.settings import load_settings


@pytest.fixture
def settings(tmp_path):
    return load_settings({"home": tmp_path, "cache": tmp_path}, environ={})


def load(name, settings):
    return load_embeddings(f"python:custom_samples:{name}", settings)


@pytest.mark.parametrize("name", ["factory", "ready", "Letters"])
def test_a_function_an_object_or_a_class(name, settings):
    model = load(name, settings)
    vectors = model.encode_documents(["abc", "aaa", "123"])
    assert vectors.shape == (3, 26)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 1, 0])
    assert np.allclose(model.encode_query("abc"), vectors[0])
    assert (model.identity.max_tokens, model.destination) == (512, None)


def test_what_the_object_says_of_itself_is_used(settings):
    model = load("Telling", settings)
    assert model.identity.max_tokens == 64
    assert model.languages == ("en", "es")
    assert model.destination == "vectors.example.com"
    assert model.count_tokens(["12345"]) == [5]


def test_identity_is_of_the_code_and_of_the_users_word(settings):
    def fingerprint(name):
        return load(name, settings).identity.fingerprint

    names = ["factory", "Letters", "Telling", "factory?fingerprint=v2", "Telling?fingerprint=v2"]
    found = [fingerprint(name) for name in names]
    assert len(set(found)) == len(names)
    assert found == [fingerprint(name) for name in names]
    assert fingerprint("Telling?fingerprint=second%20training") == found[2]


def test_prefixes_and_limit(settings):
    model = load("factory?document_prefix=zz%20&query_prefix=q%20&max_tokens=8", settings)
    document, query = model.encode_documents(["a"])[0], model.encode_query("a")
    assert document[25] > document[0] > 0
    assert query[16] == query[0] > 0
    assert np.allclose(model.encode_documents(["a" * 1000]), model.encode_documents(["a" * 900]))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("python:no_such_module_here:f", "There is no module 'no_such_module_here'"),
        ("python:custom_samples.inner:f", "There is no module 'custom_samples.inner'"),
        ("python:custom_samples:missing", "has no 'missing'"),
        ("python:custom_samples:broken", "failed: OSError: no such file: weights.bin"),
        ("python:custom_samples:greedy", "called without arguments"),
        ("python:custom_samples:wrong", "an object of the class dict"),
        ("python:custom_samples:nothing", "an object of the class NoneType"),
    ],
)
def test_what_is_wrong_is_said(spec, words, settings):
    with pytest.raises(EmbeddingError, match=words) as caught:
        load_embeddings(spec, settings)
    assert spec in str(caught.value) or "custom_samples" in str(caught.value)


@pytest.mark.parametrize(
    "spec", ["python:", "python:f", "python:m:", "python:a b:f", "python:m:f?x=1"]
)
def test_bad_specs(spec, settings):
    with pytest.raises(UsageError):
        load_embeddings(spec, settings)


def test_vectors_that_are_none(settings):
    with pytest.raises(EmbeddingError, match="no vectors of one length"):
        load("Odd", settings).encode_documents(["a", "b"])
    with pytest.raises(EmbeddingError, match="KeyError: 'the vectors are gone'"):
        load("Failing", settings).encode_documents(["a"])


def test_modules_that_cannot_be_imported(settings, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "lacking_sample.py").write_text("import no_such_library_here\n")
    (tmp_path / "crooked_sample.py").write_text("def f(:\n")
    with pytest.raises(EmbeddingError, match="needs 'no_such_library_here'"):
        load_embeddings("python:lacking_sample:f", settings)
    with pytest.raises(EmbeddingError, match="cannot be imported: SyntaxError"):
        load_embeddings("python:crooked_sample:f", settings)
    assert "lacking_sample" not in sys.modules
