"""Models fitted on the user's text: saved whole, found again, listed, refused with a sentence."""

from __future__ import annotations

import json
import os
import time

import numpy as np
import pytest
from cli_samples import Cli, one_sentence
from embeddings_samples import corpus, settings_in

from rag_app.embeddings import (
    fitted_for,
    list_models,
    load_embeddings,
    needs_fit,
    remove_trained,
    train,
    trained_models,
)
from rag_app.embeddings.providers import PROVIDERS
from rag_app.errors import EmbeddingError, MissingExtraError, UsageError

FITTED = ("bow", "fasttext", "onehot", "ordinal", "tfidf", "word2vec")


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path)


def folder_of(settings, spec):
    return settings.home.joinpath("models", *spec.split(":"))


def test_a_bare_kind_needs_a_fit_and_a_named_one_does_not():
    assert {name for name in PROVIDERS if needs_fit(name)} == set(FITTED)
    assert needs_fit("tfidf:")
    assert needs_fit("tfidf?dimension=512")
    assert not needs_fit("tfidf:manuals")
    assert not needs_fit("word2vec:/files/vectors.bin")
    assert not needs_fit("openai:text-embedding-3-small")
    with pytest.raises(UsageError, match=r"no embedding provider 'tdidf'.*tfidf"):
        needs_fit("tdidf")


def test_loading_a_bare_kind_says_how_to_train_it(settings):
    with pytest.raises(
        EmbeddingError, match=r"needs a fit.*rag models train 'tfidf\?dimension=64'"
    ):
        load_embeddings("tfidf?dimension=64", settings)


def test_a_trained_model_is_kept_whole_and_listed(settings):
    spec = train("tfidf?dimension=64", corpus(), settings, "manuals", about="samples")
    assert spec == "tfidf:manuals"
    (saved,) = trained_models(settings)
    assert (saved.spec, saved.about, saved.texts, saved.dimension) == (spec, "samples", 100, 64)
    assert saved.options == {"dimension": "64"}
    assert saved.words > 1000
    assert saved.created_at.tzinfo is not None
    kept = [one.name for one in (settings.home / "models" / "tfidf").iterdir()]
    assert kept == ["manuals"]  # no draft is left
    listed = {status.spec: status for status in list_models(settings)}
    assert listed[spec].state == "ready"
    assert listed[spec].dimension == 64
    assert listed["tfidf"].state == "needs a fit"
    model = load_embeddings(spec, settings)
    assert model.identity.fingerprint == saved.fingerprint
    assert model.disk_bytes == saved.disk_bytes > 0


@pytest.mark.parametrize("kind", ["ordinal", "tfidf", "word2vec?dimension=16&epochs=1"])
def test_the_same_text_gives_the_same_model(settings, kind):
    first, second = (train(kind, corpus(), settings, name) for name in ("one", "two"))
    one, two = load_embeddings(first, settings), load_embeddings(second, settings)
    assert one.identity.fingerprint == two.identity.fingerprint
    texts = corpus()[:5]
    assert np.array_equal(one.encode_documents(texts), two.encode_documents(texts))


def test_a_name_is_taken_once(settings):
    train("bow", corpus(), settings, "manuals")
    with pytest.raises(UsageError, match=r"bow:manuals already.*rag models remove bow:manuals"):
        train("bow", corpus(), settings, "manuals")
    assert train("onehot", corpus(), settings, "manuals") == "onehot:manuals"


@pytest.mark.parametrize(
    "name", ["", "..", ".hidden", "a/b", "näme", "x" * 61, "a#b", "vectors.bin"]
)
def test_a_name_that_cannot_be_is_refused(settings, name):
    with pytest.raises(UsageError, match="name"):
        train("tfidf", corpus(), settings, name)
    assert not trained_models(settings)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("minilm", "not a kind of model that is fitted"),
        ("tfidf:named", "not a kind of model that is fitted"),
        ("tfidf?dimension=7", "whole number from 32"),
        ("tfidf?sg=1", "no option 'sg'"),
        ("word2vec?sg=2", "'sg'.*from 0 to 1"),
        ("word2vec?weighting=idf", "sif or mean"),
        ("word2vec?epochs=many", "'epochs'"),
        ("fasttext?buckets=0", "'buckets'"),
    ],
)
def test_a_wrong_spec_is_refused_before_anything_is_written(settings, spec, problem):
    with pytest.raises(UsageError, match=problem):
        train(spec, corpus(), settings, "m")
    assert not list(settings.home.rglob("*.npy"))


@pytest.mark.parametrize("kind", FITTED)
def test_too_little_text_says_how_much_is_needed(settings, kind):
    for texts in ([], [""], ["Only a few words."]):
        with pytest.raises(EmbeddingError, match=r"needs at least [\d,]+ (different )?words"):
            train(kind, texts, settings, "m")
    assert not trained_models(settings)
    assert not list((settings.home / "models" / kind).iterdir())


def test_without_gensim_training_names_the_extra(settings, monkeypatch):
    monkeypatch.setattr("rag_app.embeddings.gensim_training.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'rag-app\[words\]'"):
        train("word2vec", corpus(), settings, "m")
    states = {status.spec: status.state for status in list_models(settings)}
    assert states["word2vec"] == "needs extra words"


def test_fitted_for_makes_a_model_once_for_the_same_texts(settings):
    asked = []

    def texts():
        asked.append(1)
        return corpus()

    assert fitted_for("minilm", texts, settings, collection="c") == "minilm"
    assert not asked
    first = fitted_for("bow", texts, settings, collection="c")
    made = folder_of(settings, first).stat().st_ino
    assert first.startswith("bow:c-")
    assert fitted_for("bow:", texts, settings, collection="c") == first
    assert folder_of(settings, first).stat().st_ino == made
    other = fitted_for("bow", lambda: [*corpus(), "more"], settings, collection="c")
    smaller = fitted_for("bow?dimension=32", texts, settings, collection="c")
    assert len({first, other, smaller}) == 3
    assert fitted_for(first, texts, settings, collection="c") == first
    long = fitted_for("bow", texts, settings, collection="x" * 60)
    assert load_embeddings(long, settings).identity.dimension > 10


@pytest.mark.parametrize("damage", ["cut", "note", "missing", "empty"])
def test_a_damaged_model_says_so_and_is_fitted_again(settings, damage):
    spec = fitted_for("tfidf", corpus, settings, collection="c")
    folder = folder_of(settings, spec)
    array = folder / "columns.npy"
    if damage == "cut":
        array.write_bytes(array.read_bytes()[:-10])
    elif damage == "note":
        (folder / "model.json").write_text('{"format": 1', encoding="utf-8")
    elif damage == "missing":
        array.unlink()
    else:
        for file in folder.iterdir():
            file.unlink()
    with pytest.raises(EmbeddingError, match=f"{spec} in .* is damaged.*rag models train tfidf"):
        load_embeddings(spec, settings)
    list_models(settings)  # nothing else suffers
    assert fitted_for("tfidf", corpus, settings, collection="c") == spec
    assert load_embeddings(spec, settings).encode_query("warranty").any()


def test_drafts_of_killed_processes_are_no_models_and_are_swept(settings):
    spec = train("bow", corpus(), settings, "kept")
    models = settings.home / "models" / "bow"
    old, new = models / ".draft-old", models / ".draft-new"
    for draft in (old, new):
        draft.mkdir()
        (draft / "model.json").write_text(
            (models / "kept" / "model.json").read_text(encoding="utf-8"), encoding="utf-8"
        )
    long_ago = time.time() - 100_000
    os.utime(old, (long_ago, long_ago))
    assert [saved.spec for saved in trained_models(settings)] == [spec]
    train("bow", corpus(), settings, "next")
    assert not old.exists()
    assert new.exists()


def test_a_fit_that_fails_leaves_nothing(settings, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rag_app.embeddings.counts.np.save", fail)
    with pytest.raises(EmbeddingError, match=r"No space left.*RAG_HOME"):
        train("tfidf", corpus(), settings, "m")
    assert not list((settings.home / "models" / "tfidf").iterdir())


def test_a_removed_model_is_gone(settings):
    spec = train("bow", corpus(), settings, "m")
    remove_trained(spec, settings)
    assert not trained_models(settings)
    assert not list((settings.home / "models" / "bow").iterdir())
    with pytest.raises(EmbeddingError, match=r"no model bow:m.*rag models train bow --name m"):
        load_embeddings(spec, settings)
    for wrong in (spec, "bow", "bow:..", "bow:."):
        with pytest.raises(UsageError):
            remove_trained(wrong, settings)
    assert (settings.home / "models").is_dir()


def test_options_of_a_saved_model_are_fixed(settings):
    spec = train("tfidf", corpus(), settings, "m")
    with pytest.raises(UsageError, match=r"keeps the options.*'dimension'"):
        load_embeddings(f"{spec}?dimension=64", settings)


def test_train_and_remove_in_the_terminal(tmp_path):
    cli = Cli(tmp_path)
    text = tmp_path / "my notes.txt"
    text.write_text("\n\n".join(corpus()), encoding="utf-8")

    done = cli.rag("models", "train", "tfidf", text, "--name", "notes")
    assert (done.returncode, done.stdout.strip()) == (0, "tfidf:notes"), done.stderr
    assert "--embedding tfidf:notes" in done.stderr
    assert cli.ingest(text, "--embedding", "tfidf:notes").returncode == 0
    refused = cli.rag("models", "remove", "tfidf:notes")
    assert refused.returncode == 2
    assert one_sentence(refused.stderr)
    assert "used by 'default'" in refused.stderr
    assert folder_exists(tmp_path, "tfidf", "notes")

    of_collection = cli.json("models", "train", "onehot")
    assert of_collection["spec"].startswith("onehot:default-")
    assert cli.rag("models", "remove", of_collection["spec"]).returncode == 0
    assert not folder_exists(tmp_path, *of_collection["spec"].split(":"))

    done = cli.rag("models", "train", "word2vec", tmp_path / "no.txt")
    assert done.returncode == 1
    assert one_sentence(done.stderr), done.stderr


def folder_exists(tmp_path, provider, name):
    return (tmp_path / "home" / "models" / provider / name / "model.json").exists()


def test_the_note_is_readable_json(settings):
    spec = train("tfidf", corpus(), settings, "m", about="Handbücher")
    text = (folder_of(settings, spec) / "model.json").read_text(encoding="utf-8")
    assert json.loads(text)["about"] == "Handbücher"
