"""Tuning a sentence transformer: a tiny real one learns a cipher that it can only learn as a rule.

Questions are in letters, passages in digits (a stands for 0, b for 1, …). What is held out has
other passages of other documents, so a better score there is not learned by heart.
"""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest
import store_samples
from embeddings_samples import make_tiny_model
from typer.testing import CliRunner

from rag_app.cli.app import app
from rag_app.embeddings import list_models, load_embeddings
from rag_app.embeddings.tuned import learned_documents
from rag_app.errors import EmbeddingError, RagError, StoreBusyError, UsageError
from rag_app.evaluation import tune_pairs
from rag_app.evaluation.compare import Material, compare_models
from rag_app.evaluation.passages import read_passages
from rag_app.evaluation.question_files import read_questions
from rag_app.evaluation.tune import default_name, tune_model
from rag_app.evaluation.tune_material import TuneRequest
from rag_app.evaluation.tune_notice import learned_notice
from rag_app.evaluation.tune_pairs import batches, split_by_document
from rag_app.evaluation.tune_state import open_state
from rag_app.evaluation.tune_train import Recipe
from rag_app.settings import load_settings
from rag_app.store import Store

DIGITS, LETTERS = "0123456789", "abcdefghij"
DOCUMENTS, PASSAGES = 20, 8
LEARNS = Recipe(epochs=8, learning_rate=5e-3, checkpoint_every=10)
TIMID = Recipe(learning_rate=1e-9)


def ingest(store, name="ciphers", documents=DOCUMENTS):
    """A collection of passages in digits; each row is a question about one of them."""
    random = Random(5)
    collection = store_samples.make(store, name)
    rows = []
    for number in range(1, documents + 1):
        codes = ["".join(random.sample(DIGITS, 4)) for _ in range(PASSAGES)]
        texts = [f"{' '.join(code)} {code}" for code in codes]
        source = f"/docs/{number}.txt"
        store_samples.put(collection, store_samples.document(number, texts, (source,)))
        rows += [
            {
                "question": " ".join(LETTERS[int(digit)] for digit in code) + "?",
                "document": source,
                "page": page,
            }
            for page, code in enumerate(codes, 1)
        ]
    return collection, rows


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def settings(home):
    return load_settings({"home": home, "cache": home, "threads": 1}, environ={})


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = make_tiny_model(tmp_path_factory.mktemp("base"), {"query": "q ", "document": "d "})
    return f"sentence-transformers:{folder}"


@pytest.fixture(scope="module")
def store(settings):
    with Store(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def ciphers(store):
    return ingest(store)


@pytest.fixture(scope="module")
def collection(ciphers):
    return ciphers[0]


@pytest.fixture(scope="module")
def questions(ciphers, tmp_path_factory):
    return write(tmp_path_factory.mktemp("questions") / "ciphers.jsonl", ciphers[1])


@pytest.fixture(scope="module")
def learned(collection, settings, base, questions):
    steps = []
    request = TuneRequest(base, "learned", questions, LEARNS)
    return tune_model(collection, settings, request, progress=steps.append), steps


def weights(spec, settings):
    return load_embeddings(spec, settings).identity.fingerprint


def test_a_model_that_learned_the_rule_is_recommended(learned):
    result, _ = learned
    assert result.score.after.mean > result.score.before.mean + 0.3
    assert result.recommended
    assert "rag switch ciphers --to tuned:learned" in result.sentences()[-1]
    assert (
        replace(result, held_out=1, held_out_documents=1)
        .sentences()[0]
        .startswith("nDCG@10 of 1 question about 1 document that it has not learned from: ")
    )
    assert result.learned_documents + result.held_out_documents == DOCUMENTS
    assert result.pairs > 3 * result.held_out > 60


def test_it_says_how_far_it_is(learned):
    _, steps = learned
    assert list(dict.fromkeys(step.stage for step in steps)) == [
        "load",
        "before",
        "training",
        "after",
    ]
    training = [step.done for step in steps if step.stage == "training"]
    assert training == list(range(learned[0].steps + 1))


def test_the_tuned_model_is_another_one_with_the_prefixes_of_its_base(learned, settings, base):
    before, after = (load_embeddings(spec, settings) for spec in (base, "tuned:learned"))
    assert after.identity.spec == "tuned:learned"
    assert after.identity.fingerprint != before.identity.fingerprint
    assert replace(after.identity, spec="", fingerprint="") == replace(
        before.identity, spec="", fingerprint=""
    )
    passage, other = after.encode_documents(["1 2 3 4 1234", "7 8 9 0 7890"])
    question = after.encode_query("b c d e?")
    assert question @ passage > question @ other + 0.1


def test_a_prefix_and_a_limit_of_the_spec_stay_with_the_tuned_model(
    collection, settings, base, questions
):
    spec = f"{base}?query_prefix=ask:%20&max_tokens=30"
    tune_model(collection, settings, TuneRequest(spec, "prefixed", questions, TIMID))
    identity = load_embeddings("tuned:prefixed", settings).identity
    assert (identity.query_prefix, identity.document_prefix) == ("ask: ", "d ")
    assert identity.max_tokens == 30


def test_it_is_listed_with_its_score(learned, settings):
    status = next(one for one in list_models(settings) if one.spec == "tuned:learned")
    assert (status.state, status.dimension, status.max_tokens) == ("ready", 32, 48)
    assert f"{learned[0].score.after.mean:.3f} after" in status.note
    assert "keep" not in status.note


def test_it_knows_what_it_has_learned_from(learned, collection, settings):
    known = learned_documents("tuned:learned", settings)
    everything = {record.id for record in collection.documents()}
    assert known < everything
    assert len(known) == learned[0].learned_documents
    assert learned_documents("minilm", settings) == frozenset()


def test_a_comparison_can_tell_that_it_flatters_the_model(learned, collection, settings, questions):
    asked = read_questions(questions, read_passages(collection)).questions
    told = learned_notice("tuned:learned", asked, settings)
    assert f"{learned[0].pairs} of the {len(asked)} questions" in told
    known = learned_documents("tuned:learned", settings)
    strange = [one for one in asked if one.document_id not in known]
    assert learned_notice("tuned:learned", strange, settings) is None
    assert learned_notice("minilm", asked, settings) is None
    compared = compare_models(
        Material(collection, read_passages(collection), asked, "asked"), ["tuned:learned"], settings
    )
    assert any("has learned from the documents" in notice for notice in compared.notices)


def test_interrupted_anywhere_it_ends_with_the_same_weights(
    learned, collection, settings, base, questions
):
    request = TuneRequest(base, "interrupted", questions, LEARNS)
    calls, results = 0, []
    for patience in (3, 8, 17, 1000):  # within the score before, then in the training
        calls = 0

        def cancelled(patience=patience):
            nonlocal calls
            calls += 1
            return calls > patience

        results.append(tune_model(collection, settings, request, cancelled=cancelled))
    assert results[:3] == [None, None, None]
    assert results[3].score == learned[0].score
    assert weights("tuned:interrupted", settings) == weights("tuned:learned", settings)


def test_what_was_done_before_a_crash_is_not_done_again(collection, settings, base, questions):
    request = TuneRequest(base, "crashed", questions, LEARNS)

    def crash(step):
        if step.stage == "training" and step.done == 14:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune_model(collection, settings, request, progress=crash)
    assert not (settings.home / "models" / "tuned" / "crashed").exists()
    steps = []
    tune_model(collection, settings, request, progress=steps.append)
    assert "before" not in {step.stage for step in steps}
    assert next(step.done for step in steps if step.stage == "training") == 10
    assert weights("tuned:crashed", settings) == weights("tuned:learned", settings)
    assert not (settings.home / "models" / ".tuning" / "crashed").exists()


def test_another_plan_or_a_damaged_checkpoint_begins_anew(
    learned, collection, settings, base, questions
):
    stops = iter([False] * 12 + [True] * 9)
    request = TuneRequest(base, "changed", questions, replace(LEARNS, seed=3))
    tune_model(collection, settings, request, cancelled=lambda: next(stops))
    request = replace(request, recipe=LEARNS)
    stops = iter([False] * 12 + [True] * 9)
    assert tune_model(collection, settings, request, cancelled=lambda: next(stops)) is None
    checkpoint = settings.home / "models" / ".tuning" / "changed" / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    tune_model(collection, settings, request)
    assert weights("tuned:changed", settings) == weights("tuned:learned", settings)


def test_a_changed_plan_is_told(collection, settings, base, questions):
    stops = iter([False] * 12 + [True] * 9)
    request = TuneRequest(base, "told", questions, LEARNS)
    tune_model(collection, settings, request, cancelled=lambda: next(stops))
    told = []
    result = tune_model(collection, settings, replace(request, recipe=TIMID), notice=told.append)
    assert "begins anew" in told[0]
    assert result.notices == tuple(told)


def test_a_model_that_did_not_improve_is_saved_and_not_recommended(
    ciphers, home, settings, base, questions
):
    arguments = ["models", "tune", base, "-c", "ciphers", "--questions", str(questions)]
    environment = {"RAG_HOME": str(home), "RAG_CACHE": str(home), "RAG_THREADS": "1"}
    done = CliRunner().invoke(app, [*arguments, "--name", "plain", "--json"], env=environment)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["recommended"] is False
    assert told["score"]["difference"]["low"] <= 0
    assert f"keep {base}" in told["advice"]
    assert told["spec"] == "tuned:plain"
    status = next(one for one in list_models(settings) if one.spec == "tuned:plain")
    assert "did not improve" in status.note
    listed = CliRunner().invoke(app, ["models"], env=environment)
    assert f"tuned:plain: {status.note}" in listed.stdout
    assert "training (2 of 3)" in done.stderr


def test_questions_are_made_where_there_are_none(settings, base):
    with Store(settings) as store:
        collection = store_samples.make(store, "prose")
        things = ["pump", "valve", "filter", "motor", "sensor", "cable", "boiler", "fan", "lamp"]
        for number, thing in enumerate(things, 50):
            texts = [
                f"The {thing} of series {part} was built in {1950 + part} by a company of Bergen. "
                f"Technicians replaced the old {thing} after {part + 3} years because the rubber "
                f"seal had become brittle. A new {thing} costs {part * 7 + 20} euros in the shop."
                for part in range(6)
            ]
            store_samples.put(collection, store_samples.document(number, texts))
        result = tune_model(collection, settings, TuneRequest(base, "prose", None, TIMID))
    assert "by rules" in result.questions
    assert result.pairs >= 20
    assert result.held_out >= 10


@pytest.mark.parametrize("spec", ["openai:text-embedding-3-small", "tfidf:x", "tuned:x", "glove:x"])
def test_what_cannot_be_tuned_is_refused(collection, settings, spec):
    with pytest.raises(RagError) as error:
        tune_model(collection, settings, TuneRequest(spec, "x"))
    assert "cannot be tuned" in str(error.value)
    assert "minilm" in str(error.value)


def test_a_name_that_is_taken_is_refused(learned, collection, settings, base):
    with pytest.raises(UsageError, match="rag models remove tuned:learned"):
        tune_model(collection, settings, TuneRequest(base, "learned"))


def test_one_process_at_a_time_tunes_a_name(collection, settings, base, questions):
    with (
        open_state(settings, "busy"),
        pytest.raises(StoreBusyError, match="is being tuned just now"),
    ):
        tune_model(collection, settings, TuneRequest(base, "busy", questions))


@pytest.mark.parametrize(
    ("documents", "message"),
    [(1, "questions of two documents"), (3, "too little to tune on")],
)
def test_too_little_is_told_before_a_model_is_loaded(settings, tmp_path, base, documents, message):
    with Store(settings) as store:
        collection, rows = ingest(store, f"small{documents}", documents)
        file = write(tmp_path / "q.jsonl", rows)
        steps = []
        with pytest.raises(EmbeddingError, match=message):
            tune_model(
                collection, settings, TuneRequest(base, "small", file), progress=steps.append
            )
        assert steps == []


def test_a_tuned_model_that_is_not_there_or_damaged(learned, settings):
    with pytest.raises(EmbeddingError, match="rag models tune minilm --name none"):
        load_embeddings("tuned:none", settings)
    folder = settings.home / "models" / "tuned" / "learned"
    config = folder / "modules.json"
    text = config.read_text()
    config.write_text(text + " ")
    with pytest.raises(EmbeddingError, match="damaged"):
        load_embeddings("tuned:learned", settings)
    config.write_text(text)


def test_no_document_is_on_both_sides(collection, questions, monkeypatch):
    passages = read_passages(collection)
    asked = read_questions(questions, passages).questions
    for seed in range(5):
        split = split_by_document(asked, passages, 1000, seed)
        assert split.learned_ids.isdisjoint(one.document_id for one in split.held_out)
        assert 0.1 < len(split.held_out) / len(asked) < 0.45
        assert {id_ for one in split.held_out for id_ in one.chunk_ids} <= set(
            split.candidates.by_id
        )
    assert len(split_by_document(asked, passages, 30).pairs) == 30
    monkeypatch.setattr(tune_pairs, "MOST_HELD_OUT", 12)  # the others are not learned from either
    fewer = split_by_document(asked, passages, 1000, 4)
    assert fewer.learned_ids == split.learned_ids
    assert len(fewer.held_out) == 12
    assert len(fewer.pairs) == len(split.pairs)


def test_one_large_document_is_learned_from(collection, questions):
    passages = read_passages(collection)
    asked = list(read_questions(questions, passages).questions)
    large = asked[0].document_id
    asked += [
        replace(one, question=f"{one.question} {n}") for n in range(40) for one in asked[:PASSAGES]
    ]
    for seed in range(5):
        assert large in split_by_document(asked, passages, 1000, seed).learned_ids


def test_a_batch_holds_no_two_passages_that_answer_each_other(collection, questions):
    passages = read_passages(collection)
    asked = list(read_questions(questions, passages).questions)
    asked += [replace(one, question="again " + one.question) for one in asked]
    pairs = split_by_document(asked, passages, 1000).pairs
    made = batches(pairs, 16, 0)
    assert made == batches(pairs, 16, 0)
    assert made != batches(pairs, 16, 1)
    assert sum(map(len, made)) >= len(pairs) - 1
    for batch in made:
        taboos = [pair.taboo for pair in batch]
        assert len(frozenset().union(*taboos)) == sum(map(len, taboos))


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("minilm", "manuals-minilm"),
        ("sentence-transformers:/models/my model/", "manuals-my-model"),
        ("transformers:org/bert-base?pooling=cls", "manuals-bert-base"),
    ],
)
def test_default_names(base, name):
    assert default_name(base, "manuals") == name
