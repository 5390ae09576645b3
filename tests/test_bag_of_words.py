"""The cleaning profile of models of words: what it takes out, and that it is part of a model."""

from __future__ import annotations

import numpy as np
import pytest
from cli_samples import Cli, one_sentence
from embeddings_samples import corpus, settings_in

from ingest import ingest_paths
from rag_app.embeddings import load_embeddings, train
from rag_app.embeddings.bag_of_words import clean_words
from rag_app.errors import EmbeddingMismatchError, UsageError
from rag_app.store import Store

PLAIN, CLEAN = "The PUMP is 55 l, see www.example.com @bob!", "pump see"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    settings = settings_in(tmp_path_factory.mktemp("clean"))
    train("tfidf", corpus(), settings, "plain")
    train("tfidf?clean=bag-of-words", corpus(), settings, "cleaned")
    return settings


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (PLAIN, ["pump", "see"]),
        ("See http://x.org/a?b=1, WWW.X.ORG and @me: a@bee.org", ["see", "bee", "org"]),
        ("It lifts 55 litres, 3.5kW, B2B, 1,577 of an ox", ["lifts", "litres"]),
        ("Die Pumpe ist mit der Straße verbunden", ["pumpe", "strasse", "verbunden"]),
        ("¿Qué cubre la garantía de los motores?", ["cubre", "garantía", "motores"]),
        ("保修期为", ["保修", "修期", "期为"]),
        ("55 %, a @b", []),
    ],
)  # fmt: skip
def test_what_is_left_of_a_text(text, left):
    assert clean_words(text) == left


@pytest.mark.parametrize("spec", ["tfidf:plain?clean=bag-of-words", "tfidf:cleaned"])
def test_the_model_reads_what_is_left(settings, spec):
    model = load_embeddings(spec, settings)
    vectors = model.encode_documents([PLAIN, CLEAN, "pump battery"])
    assert np.array_equal(vectors[0], vectors[1])
    assert not np.array_equal(vectors[0], vectors[2])
    assert np.array_equal(model.encode_query(PLAIN), vectors[0])
    assert model.count_unknown(["55 %, a @b"]).blank == 1
    assert model.count_tokens([PLAIN]) == [10]  # passages are cut as without it


def test_a_model_that_reads_otherwise_is_another_model(settings):
    specs = ("tfidf:plain", "tfidf:plain?clean=bag-of-words", "glove:6B-50d")
    prints = [load_embeddings(spec, settings).identity.fingerprint for spec in specs]
    glove = load_embeddings("glove:6B-50d?weighting=mean&clean=bag-of-words", settings)
    assert len({*prints, glove.identity.fingerprint}) == 4
    assert glove.identity.spec == "glove:6B-50d?clean=bag-of-words&weighting=mean"
    fitted = load_embeddings("tfidf:cleaned", settings).identity
    named = load_embeddings("tfidf:cleaned?clean=bag-of-words", settings).identity
    assert fitted.fingerprint == named.fingerprint
    words = load_embeddings("tfidf:cleaned", settings)._numbers
    assert "pump" in words
    assert not {"the", "is", "55"} & words.keys()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("minilm?clean=bag-of-words", "minilm reads sentences"),
        ("openai:text-embedding-3-small?clean=bag-of-words", "openai reads sentences"),
        ("static:minilm?clean=bag-of-words", "static reads sentences"),
        ("tfidf:plain?clean=everything", "clean is bag-of-words"),
    ],
)
def test_other_models_and_profiles_are_refused(settings, spec, said):
    with pytest.raises(UsageError, match=said):
        load_embeddings(spec, settings)


def test_a_collection_keeps_its_cleaning(settings, tmp_path):
    (tmp_path / "pump.txt").write_text(f"{PLAIN} The battery lasts.")
    asked = settings.override(embedding="tfidf:plain?clean=bag-of-words", collection="cleaned")
    ingest_paths([tmp_path / "pump.txt"], asked)
    with Store(settings) as store:
        collection = store.get("cleaned")
        (chunk,) = collection.chunks(collection.documents()[0].id)
        assert chunk.text.startswith(PLAIN)  # what is shown and quoted
        assert collection.search_keywords("www.example.com", 1)
    usual = settings.override(collection="cleaned")
    (tmp_path / "more.txt").write_text("More words of a pump.")
    assert ingest_paths([tmp_path], usual).states == {"added": 1, "unchanged": 1}
    with pytest.raises(EmbeddingMismatchError, match="clean=bag-of-words"):
        ingest_paths([tmp_path], usual.override(embedding="tfidf:plain"))


def test_the_option_of_the_command(tmp_path):
    cli = Cli(tmp_path)
    (tmp_path / "pump.txt").write_text(PLAIN)
    refused = cli.ingest("pump.txt", "--clean", "bag-of-words")
    assert refused.returncode == 2
    assert "minilm reads sentences" in refused.stderr
    assert one_sentence(refused.stderr)
    refused = cli.ingest("pump.txt", "--clean", "all", "--embedding", "glove:6B-50d")
    assert "no cleaning profile 'all'" in refused.stderr
    done = cli.ingest("pump.txt", "--clean", "bag-of-words", "--embedding", "glove:6B-50d")
    assert done.returncode == 0, done.stderr
    assert cli.ingest("pump.txt", "--clean", "bag-of-words").returncode == 0
    assert cli.ingest("pump.txt").returncode == 0
    with Store(settings_in(tmp_path)) as store:
        spec = store.get("default").info.embedding.spec
    assert spec == "glove:6B-50d?clean=bag-of-words"
