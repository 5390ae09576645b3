"""Models made here: listed with what is left of a stopped tuning, kept while a collection needs
one, removed whole.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import store_samples
from embeddings_samples import corpus, settings_in

from rag_app.embeddings import train
from rag_app.errors import StoreBusyError, UsageError
from rag_app.evaluation.made_models import made_models, remove_model, users_of, why_kept
from rag_app.evaluation.tune_state import begun_tunings, open_state
from rag_app.store import Store

SPEC = "bow:m"


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path)


@pytest.fixture
def store(settings):
    train("bow", corpus(), settings, "m", about="samples")
    with Store(settings) as opened:
        yield opened


def made_with(spec):
    return replace(store_samples.IDENTITY, spec=spec)


def begin_tuning(settings, name):
    with open_state(settings, name) as state:
        state.begin("a plan")
        state.checkpoint.write_bytes(b"x" * 1000)


def test_they_are_listed_with_what_they_take(settings, store):
    broken = settings.home / "models" / "tfidf" / "broken"
    broken.mkdir(parents=True)
    (broken / "counts.npy").write_bytes(b"x" * 500)
    begin_tuning(settings, "half")
    found = {one.spec: one for one in made_models(settings)}
    assert list(found) == [SPEC, "tfidf:broken", "tuned:half"]
    assert [one.state for one in found.values()] == ["whole", "damaged", "begun"]
    assert found[SPEC].about == "samples"
    assert found["tfidf:broken"].disk_bytes == 500
    assert found["tuned:half"].disk_bytes > 1000


def test_one_that_a_collection_answers_with_is_kept(settings, store):
    store.create("answers", made_with(f"{SPEC}?clean=bow"), store_samples.CHUNKING)
    store.create("other", made_with("bow:m2"), store_samples.CHUNKING)
    assert users_of(SPEC, store) == {"answers": ["live"]}
    with pytest.raises(UsageError, match=r"bow:m is used by 'answers'\. Switch or delete"):
        remove_model(SPEC, settings, store)
    assert [one.spec for one in made_models(settings)] == [SPEC]


def test_one_that_an_index_beside_needs_is_kept_until_that_is_freed(settings, store):
    live = store.create("manuals", made_with("test:other"), store_samples.CHUNKING)
    generations = store.generations("manuals")
    following = generations.begin(made_with(SPEC), store_samples.CHUNKING, SPEC)
    assert "'manuals' is being switched to bow:m" in why_kept(SPEC, store)
    generations.change_over(live, following)
    generations.roll_back()
    reason = why_kept(SPEC, store)
    assert "The former index of 'manuals' was made with bow:m. Free that first" in reason
    assert "is used by" not in reason
    with pytest.raises(UsageError, match="former index"):
        remove_model(SPEC, settings, store)
    generations.discard("former")
    remove_model(SPEC, settings, store)
    assert made_models(settings) == []


def test_a_stopped_tuning_is_removed_under_the_name_it_was_to_have(settings, store):
    begin_tuning(settings, "half")
    with open_state(settings, "half"), pytest.raises(StoreBusyError, match="being tuned just now"):
        remove_model("tuned:half", settings, store)
    assert begun_tunings(settings)
    remove_model("tuned:half", settings, store)
    assert begun_tunings(settings) == {}
    with pytest.raises(UsageError, match="no saved model 'tuned:half'"):
        remove_model("tuned:half", settings, store)


@pytest.mark.parametrize("spec", ["tuned", "tuned:..", "tuned:../bow/m", "minilm", "bow:../bow/m"])
def test_what_is_no_model_made_here_is_refused(settings, store, spec):
    with pytest.raises(UsageError):
        remove_model(spec, settings, store)
    assert [one.spec for one in made_models(settings)] == [SPEC]
