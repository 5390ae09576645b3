"""The page *Models*: its states with AppTest, and the work behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest import ingest_paths
from rag_app.embeddings import remove_trained, train, trained_models
from rag_app.errors import EmbeddingError
from rag_app.evaluation import tune
from rag_app.evaluation.tune_material import TuneStep
from rag_app.evaluation.tune_result import TuneResult
from rag_app.evaluation.tune_score import improvement
from rag_app.settings import Settings, load_settings
from rag_app.ui import models_work
from rag_app.ui.models_learned import described, share
from rag_app.ui.models_work import LEARN, MEASURE, MeasureJob, TrainJob, TuneJob

TEXT = (
    "The pump number {n} lifts water from a deep well, and its warranty covers the filter. "
    "Clean the filter of the pump with cold water before the winter begins, says the manual. "
)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RAG_HOME with a collection that answers with counted words: it loads at once."""
    folder = tmp_path_factory.mktemp("models")
    settings = Settings().override(home=folder / "home", cache=folder / "cache")
    (folder / "docs").mkdir()
    for n in range(12):
        (folder / "docs" / f"pump-{n}.txt").write_text(TEXT.format(n=n) * 4)
    job = _train(folder, settings)
    ingest_paths([folder / "docs"], settings.override(embedding=job))
    return folder / "home"


def _train(folder: Path, settings: Settings) -> str:
    texts = [path.read_text() for path in (folder / "docs").iterdir()]
    return train("bow", texts, settings, "counted")


@pytest.fixture
def home(ready: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    monkeypatch.setenv("RAG_HOME", str(ready))
    monkeypatch.setenv("RAG_CACHE", str(ready.parent / "cache"))
    monkeypatch.chdir(tmp_path)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield ready
    st.cache_resource.clear()


def _page() -> None:
    from rag_app.ui import models_page, problems

    with problems.in_plain_words():
        problems.show_kept()
        models_page.page()


def run(section: str = "models") -> AppTest:
    app = AppTest.from_function(_page, default_timeout=60).run()
    if section != "models":
        app.button_group(key="models_section").set_value(section).run()
    assert not app.exception
    return app


def typed(app: AppTest, field: str, spec: str) -> AppTest:
    """What AppTest cannot do: an option that is not in the list."""
    setattr(app.session_state["models"], field, spec)
    return app.run()


def settled(app: AppTest, what: Callable[[AppTest], Any]) -> Any:
    """Draws the page until it shows what is asked for, and gives that."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert not app.exception
        if found := what(app):
            return found
        time.sleep(0.1)
        app.run()
    raise AssertionError(html_of(app))


def html_of(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def said(app: AppTest) -> str:
    parts = (*app.caption, *app.markdown, *app.info, *app.warning, *app.error)
    return " ".join(part.value for part in parts).replace("\\", "")


# --- the list


def test_the_list_says_of_each_model_what_it_is_and_what_it_needs(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    shown = html_of(run())
    ready, missing = shown.split("Not ready yet")
    assert "<b>minilm</b>" in ready
    assert 'data-head="Dimension">384<' in ready
    assert 'data-head="Languages">English<' in ready
    assert "<b>bow:counted</b>" in ready
    assert "in use by default" in ready
    assert "<b>openai:text-embedding-3-small</b>" in missing
    assert "set the variable OPENAI_API_KEY" in missing
    assert "goes to api.openai.com" in missing
    assert "sentence-transformers:NAME-OR-PATH" in ready.split("Any other of these kinds")[1]


def test_what_is_made_here_is_asked_about_before_it_is_removed(home: Path) -> None:
    train("tfidf", [TEXT.format(n=n) for n in range(9)], load_settings(), "spare", about="notes")
    try:
        app = run()
        app.button(key="models_remove_tfidf:spare").click().run()
        assert "**tfidf:spare** (from notes) will be gone" in said(app)
        assert "confirm_delete_model" in [button.key for button in app.button]
    finally:
        remove_trained("tfidf:spare", load_settings())


def test_a_model_that_a_collection_needs_is_not_removed(home: Path) -> None:
    app = run()
    app.button(key="models_remove_bow:counted").click().run()
    assert "bow:counted is used by 'default'. Switch or delete that first" in said(app)
    assert "confirm_delete_model" not in [button.key for button in app.button]


# --- learning


def test_without_documents_there_is_nothing_to_learn_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAG_HOME", str(tmp_path))
    st.cache_resource.clear()
    app = run("learn")
    assert "There is nothing to learn from yet" in html_of(app)
    assert [button.label for button in app.button] == ["Add documents"]


def test_what_cannot_be_made_is_said_before_it_is_begun(home: Path) -> None:
    app = run("learn")
    assert not app.button(key="models_start").disabled
    typed(app, "base", "glove:6B-50d")
    assert "cannot be tuned" in said(app)
    assert app.button(key="models_start").disabled
    app.button_group(key="models_way").set_value("train").run()
    assert not app.button(key="models_start").disabled
    app.selectbox(key="models_kind").set_value("bow").run()
    app.text_input(key="models_name").set_value("counted").run()
    assert "There is a model bow:counted already" in said(app)
    assert app.button(key="models_start").disabled
    typed(app, "kind", "minilm")
    assert "is not a kind of model that is fitted on texts" in said(app)


def test_a_trained_model_is_kept_and_leads_on(home: Path) -> None:
    app = run("learn")
    app.button_group(key="models_way").set_value("train").run()
    app.selectbox(key="models_kind").set_value("tfidf").run()
    app.text_input(key="models_name").set_value("mine").run()
    app.button(key="models_start").click().run()
    settled(app, lambda page: "is ready" in said(page))
    assert "**tfidf:mine** is ready. It has learned from 12 passages of default" in said(app)
    assert "tfidf:mine" in {saved.spec for saved in trained_models(load_settings())}
    assert not app.button(key="models_switch").disabled
    app.button(key="models_look").click().run()
    assert app.selectbox(key="models_model").value == "tfidf:mine"


def test_too_little_to_tune_on_is_a_sentence(home: Path) -> None:
    app = run("learn")
    app.button(key="models_start").click().run()
    settled(app, lambda page: page.error)
    assert "There is too little to tune on" in said(app) or "question" in app.error[0].value
    app.button(key="models_close").click().run()
    assert not app.error


def tuned(after: list[float]) -> TuneResult:
    before = np.linspace(0.2, 0.6, 20)
    return TuneResult(
        spec="tuned:mine",
        base="minilm",
        collection="default",
        questions="40 questions made from the documents by rules",
        pairs=30,
        learned_documents=1,
        held_out=20,
        held_out_documents=5,
        candidates=100,
        steps=2,
        device="cpu",
        seconds=3.0,
        score=improvement(before, np.asarray(after)),
    )


@pytest.mark.parametrize(("gain", "recommended"), [(0.3, True), (0.0, False)])
def test_a_model_that_did_not_improve_is_not_recommended(
    home: Path, monkeypatch: pytest.MonkeyPatch, gain: float, recommended: bool
) -> None:
    result = tuned([*(np.linspace(0.2, 0.6, 20) + gain)])
    monkeypatch.setattr(tune, "tune_model", lambda *_, **__: result)
    monkeypatch.setattr("rag_app.evaluation.tune_model", tune.tune_model, raising=False)
    app = run("learn")
    app.button(key="models_start").click().run()
    settled(app, lambda page: "tuned:mine" in said(page))
    shown = html_of(app)
    assert ("It improved." in shown) == recommended
    assert ("It did not improve" in shown) != recommended
    assert "20 questions about 5 documents" in shown
    assert "of 1 document," in said(app)
    buttons = [button.key for button in app.button]
    assert ("models_switch" in buttons) == recommended
    assert ("not recommended" in said(app)) != recommended
    assert "models_compare" in buttons


def test_a_stopped_tuning_offers_to_go_on_and_a_stopped_training_does_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: Any, cancelled: Callable[[], bool], **__: Any) -> None:
        while not cancelled():
            time.sleep(0.01)

    monkeypatch.setattr("rag_app.evaluation.tune_model", endless, raising=False)
    app = run("learn")
    app.button(key="models_start").click().run()
    settled(app, lambda page: [one for one in page.button if one.key == "models_stop"])
    app.button(key="models_stop").click().run()
    settled(app, lambda page: [one for one in page.button if one.key == "models_again"])
    assert "What is learned is kept" in said(app)
    monkeypatch.setattr(
        "rag_app.evaluation.tune_model", lambda *_, **__: tuned([0.9] * 20), raising=False
    )
    app.button(key="models_again").click().run()
    settled(app, lambda page: "It improved." in html_of(page))


def test_a_training_stops_when_it_is_asked_to(home: Path) -> None:
    job = TrainJob(load_settings(), "default", "word2vec", "never")
    job.cancel()
    job.start()
    assert job.finished.wait(60)
    assert (job.result, job.error) == (None, "")
    assert "word2vec:never" not in {saved.spec for saved in trained_models(load_settings())}


def test_one_model_is_made_at_a_time(home: Path) -> None:
    release, bench = threading.Event(), models_work.learning()

    class Slow(TrainJob):
        def _learn(self) -> None:
            release.wait(20)

    slow = Slow(load_settings(), "default", "bow", "slow")
    try:
        assert bench.start(LEARN, slow)
        assert not bench.start(LEARN, TrainJob(load_settings(), "default", "bow", "other"))
        app = run("learn")
        assert "Training bow on default" in said(app)
        assert "models_start" not in [button.key for button in app.button]
    finally:
        release.set()
        slow.finished.wait(20)


def test_a_tuning_says_how_far_it_is() -> None:
    job = TuneJob(load_settings(), "default", "minilm", "mine", None, 1)
    assert share(job) < 0.1
    job.stage, job.share = "training", 0.5
    job.note(3, 6)
    assert 0.25 < share(job) < 0.83
    assert described(job) == "Training · 3 of 6 steps"
    job.stage, job.share = "after", 1.0
    assert share(job) == 0.99


def test_a_tuning_says_how_long_it_will_take_by_what_it_has_done_itself() -> None:
    job = TuneJob(load_settings(), "default", "minilm", "mine", None, 1)
    job._tell(TuneStep("before", 90, 100))
    job._tell(TuneStep("training", 20, 40))  # half of it was done before it was stopped
    assert job.seconds_left is None
    job._entered -= 30
    job._tell(TuneStep("training", 30, 40))
    assert job.seconds_left == pytest.approx(30, abs=2)
    assert described(job).endswith("about 30 s left of this part")


# --- words


def ask(app: AppTest, field: str, text: str) -> AppTest:
    return app.text_input(key=f"models_{field}").set_value(text).run()


def test_words_near_a_word_and_one_that_the_model_does_not_know(home: Path) -> None:
    app = run("words")
    assert app.selectbox(key="models_model").value == "bow:counted"  # the collection's own
    ask(app, "word", "pump")
    settled(app, lambda page: "models-words" in html_of(page))
    assert "<b>pump</b>" not in html_of(app)
    assert "Searched:" in said(app)
    ask(app, "word", "pomp")
    settled(app, lambda page: page.warning)
    assert "bow:counted has no vector for 'pomp'. It knows pump" in said(app)
    assert not app.error


def test_a_sum_of_words_and_two_words(home: Path) -> None:
    app = run("words")
    app.button_group(key="models_asking").set_value("analogy").run()
    ask(app, "sum", "pump - water + filter")
    settled(app, lambda page: "models-words" in html_of(page))
    assert not {"pump", "water", "filter"} & {
        part.split("</b>")[0] for part in html_of(app).split("<li><b>")[1:]
    }
    ask(app, "sum", "pump")
    settled(app, lambda page: page.warning)
    assert "is no sum of words" in said(app)
    app.button_group(key="models_asking").set_value("similarity").run()
    ask(app, "first", "pump")
    assert "models-cosine" not in html_of(app)
    ask(app, "second", "pump")
    settled(app, lambda page: "<b>1.000</b>" in html_of(page))


def test_a_choice_that_an_interrupted_run_has_lost_stays_as_it_was(home: Path) -> None:
    app = run("words")
    app.button_group(key="models_asking").set_value("similarity").run()
    app.button_group(key="models_asking").set_value(None).run()
    assert not app.error
    assert app.session_state["models"].asking == "similarity"
    assert "How alike two words are" in said(app)


def test_a_model_without_a_key_or_a_fit_says_what_it_needs(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    app = run("words")
    typed(app, "model", "openai:text-embedding-3-small")
    assert "set the variable OPENAI_API_KEY" in said(app)
    typed(app, "model", "word2vec")
    assert "knows no words yet" in said(app)


def test_a_hosted_model_gets_no_word_before_the_reader_agrees(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def load(_: Settings, spec: str) -> None:
        asked.append(spec)
        raise EmbeddingError("It does not answer.")

    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setattr("rag_app.ui.models_spaces.embeddings_of", load)
    app = run("words")
    typed(app, "model", "openai:text-embedding-3-small")
    ask(app, "word", "pump")
    assert "would be sent to **api.openai.com**" in said(app)
    assert "which would cost" in said(app)
    assert asked == []
    app.checkbox[0].check().run()
    settled(app, lambda page: page.error)
    assert asked == ["openai:text-embedding-3-small"]
    assert "It does not answer" in said(app)


def test_without_documents_a_model_with_words_of_its_own_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAG_HOME", str(tmp_path))
    st.cache_resource.clear()
    app = run("words")
    ask(app, "word", "pump")
    settled(app, lambda page: page.error)
    assert "there is none. Add documents" in said(app)


# --- measures


def test_measures_of_words_and_of_a_folder(home: Path, tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("pump\twater\t8\nfilter\twinter\t2\nwell\tmanual\t1\n")
    app = run("measures")
    app.checkbox(key="models_analogies").uncheck().run()
    ask(app, "folder", str(tmp_path))
    app.button(key="models_measure_start").click().run()
    settled(app, lambda page: "Known pairs" in html_of(page))
    shown = html_of(app)
    assert "<th>own</th>" in shown
    assert 'data-head="Known pairs">3 of 3<' in shown
    assert "WordSim-353" in shown
    assert "<th>Analogies</th>" not in shown
    ask(app, "folder", str(tmp_path / "nowhere"))
    app.button(key="models_measure_start").click().run()
    settled(app, lambda page: page.error)
    assert "is not a folder" in said(app)


def test_associations_come_with_what_they_can_and_cannot_tell(home: Path) -> None:
    app = run("measures")
    app.button_group(key="models_measure").set_value("bias").run()
    app.button(key="models_measure_start").click().run()
    settled(app, lambda page: "Effect size" in html_of(page))
    assert "not measured, as the model knows too few words" in said(app)
    assert "It does not say that your searches treat anybody unfairly" in said(app)


def test_a_measurement_stops_when_it_is_asked_to(home: Path) -> None:
    job = MeasureJob(load_settings(), "bow:counted", bias=True, analogies=False, folder="")
    job.cancel()
    models_work.measuring().start(MEASURE, job)
    assert job.finished.wait(60)
    assert (job.result, job.error) == (None, "")
    assert "You stopped the measurement" in said(run("measures"))
