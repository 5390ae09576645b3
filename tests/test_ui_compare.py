"""The page *Compare*: its parts that need no browser, and its small states with AppTest."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest import ingest_paths
from rag_app.embeddings.providers import ModelStatus
from rag_app.errors import AnswerError, RagError, UsageError
from rag_app.evaluation import Comparison
from rag_app.evaluation.kept import (
    comparison_from,
    forget_kept,
    keep_comparison,
    kept_comparison,
    kept_path,
    move_kept,
)
from rag_app.evaluation.run import Step
from rag_app.settings import Settings, load_settings
from rag_app.store import Collection, Store
from rag_app.ui.compare_excerpt import excerpt, excerpt_about, label
from rag_app.ui.compare_material import kept_of, make_draft, prepare
from rag_app.ui.compare_progress import described, share
from rag_app.ui.compare_setup import QuestionFile, Wanted, is_pattern, usable_now
from rag_app.ui.compare_table import details, table
from rag_app.ui.compare_work import CompareJob, Desk
from rag_app.ui.work import UNEXPECTED, Work

THINGS = [
    "anchor",
    "kettle",
    "ladder",
    "mirror",
    "basket",
    "hammer",
    "candle",
    "blanket",
    "saddle",
    "bucket",
    "needle",
    "carpet",
    "barrel",
    "helmet",
    "pillow",
    "teapot",
    "shovel",
    "trumpet",
    "lantern",
    "wallet",
    "compass",
    "feather",
    "glacier",
    "harbour",
    "orchard",
]
PLACES = ["Lisbon", "Bergen", "Turin", "Ghent", "Malaga"]


def sentence(number: int) -> str:
    thing, place = THINGS[number], PLACES[number % len(PLACES)]
    return (
        f"The old {thing} in the museum of {place} was repaired by a careful craftsman during "
        f"the winter of {1900 + number}, and every visitor may touch it on Sundays."
    )


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RAG_HOME with a collection of 25 documents, one passage each."""
    folder = tmp_path_factory.mktemp("compare")
    for number, thing in enumerate(THINGS):
        (folder / f"{thing}.txt").write_text(sentence(number))
    ingest_paths([folder], Settings().override(home=folder / "home"))
    return folder / "home"


@pytest.fixture
def home(ready: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """That RAG_HOME for this process, with nothing left over from other tests."""
    monkeypatch.setenv("RAG_HOME", str(ready))
    monkeypatch.chdir(tmp_path)
    st.cache_resource.clear()
    st.cache_data.clear()
    for name in ("comparisons", "questions"):
        for file in (ready / name).glob("*"):
            file.unlink()
    yield ready
    st.cache_resource.clear()


@pytest.fixture
def collection(home: Path) -> Iterator[Collection]:
    with Store(load_settings()) as store:
        yield store.get("default")


def wanted(source: str = "rules", text: str = "", name: str = "mine.csv") -> Wanted:
    with Store(load_settings()) as store:
        changed = store.get("default").info.updated_at
    file = QuestionFile(name, text.encode()) if source == "file" else None
    return Wanted(source, 30 if source == "rules" else 0, file, changed)  # type: ignore[arg-type]


def questions_csv() -> str:
    lines = [f"Which {thing} may be touched?,{thing}.txt\n" for thing in THINGS]
    return "question,document\n" + "".join(lines)


def compared(collection: Collection, *specs: str) -> Comparison:
    job = start(collection, *specs)
    assert job.finished.wait(60)
    assert job.error == ""
    assert job.result is not None
    return job.result


def start(collection: Collection, *specs: str) -> CompareJob:
    given = wanted("file", questions_csv())
    settings = load_settings()
    job = CompareJob(
        settings,
        "default",
        specs,
        lambda work: prepare(collection, settings, given, work)[0],
    )
    job.start()
    return job


# --- questions


def test_problems_of_a_file_are_told_by_line_and_the_rest_is_used(collection: Collection) -> None:
    text = (
        "question,document,page,text\n"
        "Which kettle?,kettle.txt,,\n"
        "Which lamp?,lamp.txt,,\n"
        "Which mirror?,mirror.txt,nine,\n"
        "Who asks?,,,\n"
    )
    material, problems = prepare(
        collection, load_settings(), wanted("file", text), Work(lambda _: None)
    )
    assert [one.question for one in material.questions] == ["Which kettle?"]
    assert "line 3: the collection has no document 'lamp.txt'." in problems[0]
    assert "line 4: 'nine' is no page number." in problems[1]
    assert problems[2].startswith("1 more have no document")
    assert material.question_set == "1 question of mine.csv"


def test_a_useless_file_is_a_sentence_that_names_it_as_the_reader_does(
    collection: Collection,
) -> None:
    given = wanted("file", "name\nx\n")
    with pytest.raises(UsageError) as caught:
        prepare(collection, load_settings(), given, Work(lambda _: None))
    assert str(caught.value).startswith("mine.csv has no column 'question'.")


def test_questions_that_are_dropped_are_not_asked(collection: Collection) -> None:
    draft = make_draft(collection, load_settings(), wanted())
    assert draft.work.finished.wait(30)
    assert draft.work.result is not None
    all_ = [one.question for one in draft.work.result.questions]
    assert len(all_) == 25
    draft.dropped = {all_[0]}
    kept = kept_of(draft)
    assert kept is not None
    assert [one.question for one in kept.questions] == all_[1:]
    assert kept.question_set.endswith("by rules, 24 of them kept")
    draft.dropped = set(all_)
    with pytest.raises(UsageError, match="Keep at least one"):
        kept_of(draft)


# --- the work


def test_a_comparison_is_kept_and_read_again_as_it_was(collection: Collection) -> None:
    comparison = compared(collection, "tfidf", "bow", "transformers:/nowhere")
    settings = load_settings()
    assert {model.spec for model in comparison.models} == {"tfidf", "bow"}
    assert [failure.spec for failure in comparison.failures] == ["transformers:/nowhere"]
    again = kept_comparison(settings, "default")
    assert again is not None
    assert again.to_json() == comparison.to_json()
    assert comparison_from(json.loads(json.dumps(comparison.to_json()))) == again


def test_it_goes_with_its_collection(collection: Collection) -> None:
    settings = load_settings()
    compared(collection, "bow")
    move_kept(settings, "default", "renamed")
    assert kept_comparison(settings, "default") is None
    assert kept_comparison(settings, "renamed") is not None
    forget_kept(settings, "renamed")
    assert kept_comparison(settings, "renamed") is None
    forget_kept(settings, "renamed")  # twice does no harm


@pytest.mark.parametrize("damaged", ["{", "[]", '{"collection": "default"}', "\xff"])
def test_a_damaged_file_is_a_sentence(home: Path, damaged: str) -> None:
    path = kept_path(load_settings(), "default")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(damaged.encode("latin-1"))
    with pytest.raises(UsageError, match="Compare again; that replaces it"):
        kept_comparison(load_settings(), "default")


def test_a_result_that_cannot_be_kept_is_shown_all_the_same(
    collection: Collection,
) -> None:
    folder = load_settings().home / "comparisons"
    if folder.exists():
        folder.rmdir()
    folder.write_text("in the way")
    try:
        desk = Desk()
        job = CompareJob(
            load_settings(),
            "default",
            ["bow"],
            lambda work: prepare(
                collection, load_settings(), wanted("file", questions_csv()), work
            )[0],
        )
        assert desk.start(job)
        assert job.finished.wait(60)
        assert "could not be kept" in job.unkept
        shown = desk.result(load_settings(), "default")
        assert shown is job.result is not None
    finally:
        folder.unlink()


def test_only_one_comparison_is_at_work(collection: Collection) -> None:
    release = threading.Event()
    desk = Desk()

    def wait(work: Work[Comparison]) -> object:
        release.wait(10)
        raise AnswerError("The model is gone. Start it again.")

    first = CompareJob(load_settings(), "default", ["bow"], wait)  # type: ignore[arg-type]
    second = CompareJob(load_settings(), "other", ["bow"], wait)  # type: ignore[arg-type]
    assert desk.start(first)
    assert desk.running is first
    assert not desk.start(second)
    release.set()
    assert first.finished.wait(10)
    assert desk.running is None
    ended = desk.ended("default")
    assert ended is not None
    assert ended.error == "The model is gone. Start it again."
    assert desk.ended("other") is None
    desk.dismiss()
    assert desk.ended("default") is None


def test_what_nobody_expected_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def broken(work: Work[None]) -> None:
        raise KeyError("secret detail")

    work = Work(broken)
    work.start()
    assert work.finished.wait(5)
    assert work.error == UNEXPECTED
    assert "secret detail" in caplog.text


def test_models_that_are_done_are_shown_after_a_stop(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    job: CompareJob | None = None
    tell = CompareJob._tell

    def stopping(self: CompareJob, step: Step) -> None:
        tell(self, step)
        if step.number == 2:
            self.cancel()

    monkeypatch.setattr(CompareJob, "_tell", stopping)
    job = start(collection, "bow", "tfidf", "onehot")
    assert job.finished.wait(60)
    assert job.result is not None
    assert job.result.interrupted
    assert [model.spec for model in job.result.models] == ["bow"]


def test_a_stop_before_the_first_model_is_said(collection: Collection) -> None:
    settings = load_settings()

    def gather(work: Work[Comparison]) -> object:
        work.cancel()
        return prepare(collection, settings, wanted("file", questions_csv()), work)[0]

    job = CompareJob(settings, "default", ["bow"], gather)  # type: ignore[arg-type]
    job.start()
    assert job.finished.wait(30)
    assert job.error == "You stopped the comparison before the first model was done."


def test_progress_never_goes_back_and_tells_what_is_left(home: Path) -> None:
    job = CompareJob(load_settings(), "default", ["a", "b"], lambda _: None)  # type: ignore[arg-type, return-value]
    assert share(job) == 0
    assert described(job, 1) == "Getting the questions ready"
    shares = []
    for number, spec in ((1, "a"), (2, "b")):
        for stage in ("load", "fit", "passages", "questions", "speed"):
            job.step = Step(spec, number, 2, stage, 50, 100)
            shares.append(share(job))
    assert shares == sorted(shares)
    assert shares[-1] < 1
    job.step = Step("b", 2, 2, "passages", 50, 100)
    assert described(job, 30) == "b (2 of 2) · reading the passages · about 30 s left for it"
    job.step = Step("b", 2, 2, "load")
    assert "a minute or two" in described(job, 20)


# --- small parts


@pytest.mark.parametrize(
    ("spec", "pattern"),
    [
        ("static:NAME-OR-PATH", True),
        ("python:PACKAGE.MODULE:FACTORY", True),
        ("glove:6B-50d", False),
        ("huggingface:BAAI/bge-m3", False),
        ("minilm", False),
    ],
)
def test_patterns_cannot_be_chosen(spec: str, pattern: bool) -> None:
    assert is_pattern(spec) is pattern
    assert usable_now(ModelStatus(spec, "ready")) is not pattern


def test_what_needs_something_cannot_be_chosen() -> None:
    assert usable_now(ModelStatus("tfidf", "needs a fit"))
    assert not usable_now(ModelStatus("cohere:embed-v4.0", "needs key COHERE_API_KEY"))


def test_the_words_that_matter_are_marked_in_an_excerpt() -> None:
    text = "## Head\n\n" + "before " * 40 + "**The pump** weighs 12 kg. " + "after " * 60
    shown = excerpt_about(text, "The pump weighs 12 kg.", 120)
    assert "<mark>The pump weighs 12 kg.</mark>" in shown
    assert shown.startswith("… before")
    assert shown.endswith("…")
    assert excerpt("# A <b>\n- *one*", 100) == "A &lt;b&gt; one"
    assert excerpt("| a | 2*3 |\n| --- | --- |\n| b | c |", 100) == "a 2*3 b c"
    assert "<mark>" not in excerpt_about(text, "other words", 120)


@pytest.mark.parametrize(
    "text", ["What costs 5 (net)?", "static:minilm", "minilm?precision=float32"]
)
def test_plain_labels_are_left_alone_for_screen_readers(text: str) -> None:
    assert label(text) == text


@pytest.mark.parametrize("text", ["What is *new*?", "![x](http://a)", "$5", ":red[a]", "1. one"])
def test_labels_with_markup_are_escaped(text: str) -> None:
    assert label(text) != text


def test_the_table_escapes_and_marks_what_leaves_the_machine(collection: Collection) -> None:
    comparison = compared(collection, "bow", "tfidf")
    first = comparison.models[0]
    costs = replace(first.costs, destination="api.example", usd=1.5, truncated=3)
    changed = replace(first, spec="<b>x</b>", costs=costs, uncovered_languages={"es": 2})
    shown = table(replace(comparison, models=(changed, *comparison.models[1:])), "<b>x</b>")
    assert "<b>&lt;b&gt;x&lt;/b&gt;</b>" in shown
    for words in (
        "text goes to api.example",
        "about $1.50",
        "3 passages cut short",
        "not made for Spanish (2 documents)",
        "in use",
    ):
        assert f">{words}</em>" in shown
    figures = details(replace(comparison, models=(changed,)))
    measures = first.hybrid.measures
    for cell in (
        f"{measures['mrr@10'].mean:.3f}",
        f"{measures['recall@10'].mean:.3f}",
        "best",
        "3",
    ):
        assert f">{cell}</td>" in figures
    assert figures.count("<td ") == figures.count('scope="col"') - 1
    assert "<b>&lt;b&gt;x&lt;/b&gt;</b>" in figures


# --- the page in small states


def page() -> None:
    from rag_app.ui import compare_page, problems

    problems.show_kept()
    compare_page.page()


def run() -> AppTest:
    return AppTest.from_function(page, default_timeout=30).run()


def html_of(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def test_without_documents_it_says_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    st.cache_resource.clear()
    app = run()
    assert not app.exception
    assert "There is nothing to compare on yet" in html_of(app)
    (tmp_path / "one.txt").write_text(sentence(0))
    ingest_paths([tmp_path / "one.txt"], load_settings())
    app = run()
    assert "This collection has 1 passage." in html_of(app)
    assert "at least 20" in html_of(app)
    assert [one.key for one in app.button] == ["add_documents"]


def test_what_is_sensible_is_chosen_and_one_model_is_too_few(home: Path) -> None:
    app = run()
    assert not app.exception
    chosen = [box.label for box in app.checkbox if box.value]
    assert chosen[0] == "minilm"
    assert {"static:minilm", "tfidf"} <= set(chosen)
    assert "Needs a key: set the variable COHERE_API_KEY" in html_of(app)
    for spec in chosen[1:]:
        app.checkbox(key=f"compare_model_default_{spec}").uncheck().run()
    assert app.button(key="compare_start").disabled
    assert "Choose at least two models." in [caption.value for caption in app.caption]


AGREE = "compare_agree_default_api.openai.com_openai:text-embedding-3-small"


def test_nothing_is_sent_before_the_reader_agrees(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    app = run()
    assert not app.button(key="compare_start").disabled
    app.checkbox(key="compare_model_default_openai:text-embedding-3-small").check().run()
    assert r"**api\.openai\.com**" in " ".join(part.value for part in app.markdown)
    assert any("would cost" in caption.value for caption in app.caption)
    assert app.button(key="compare_start").disabled
    app.checkbox(key=AGREE).check().run()
    assert not app.button(key="compare_start").disabled
    app.checkbox(key="compare_model_default_openai:text-embedding-3-large").check().run()
    assert app.button(key="compare_start").disabled
    # A further host needs an agreement of its own.
    app.text_input(key="compare_add_default").set_value(
        "voyage:x?base_url=http://voyage.example"
    ).run()
    assert r"**voyage\.example**" in " ".join(part.value for part in app.markdown)
    assert app.button(key="compare_start").disabled


def test_a_mistyped_model_is_said_and_not_added(home: Path) -> None:
    app = run()
    before = [box.label for box in app.checkbox]
    app.text_input(key="compare_add_default").set_value("miniml").run()
    assert "Did you mean" in app.error[0].value
    assert [box.label for box in app.checkbox] == before


def test_from_the_choice_to_the_result_and_back(home: Path, collection: Collection) -> None:
    app = run()
    for box in [box for box in app.checkbox if box.value]:
        box.uncheck()
    app.checkbox(key="compare_model_default_tfidf").check()
    app.checkbox(key="compare_model_default_bow").check()
    app.run()
    app.button(key="compare_look").click().run()
    finish(app, lambda: any(one.key == "compare_save" for one in app.button))
    app.button(key="compare_save").click().run()
    assert len((home / "questions" / "default.jsonl").read_text().splitlines()) == 25
    assert "saved for this collection" in app.toast[0].value
    app.button(key="compare_start").click().run()
    finish(app, lambda: 'class="verdict"' in html_of(app))
    shown = html_of(app)
    assert all(f"<b>{spec}</b>" in shown for spec in ("tfidf", "bow"))
    assert "25 questions" in shown
    again = run()  # another session sees it as well
    assert 'class="verdict"' in html_of(again)
    again.button(key="compare_again").click().run()
    assert again.segmented_control(key="compare_source_default").value == "saved"
    again.button(key="compare_back").click().run()
    assert 'class="verdict"' in html_of(again)
    assert not app.exception
    assert not again.exception


def finish(app: AppTest, done: object) -> None:
    until = time.monotonic() + 40
    while not done():  # type: ignore[operator]
        assert time.monotonic() < until, html_of(app)
        time.sleep(0.2)
        app.run()


def test_another_session_sees_the_comparison_at_work(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag_app.ui.compare_work import desk

    release = threading.Event()

    def wait(work: Work[Comparison]) -> object:
        release.wait(20)
        raise RagError("The disk is full. Make room.")

    app = run()
    assert desk().start(CompareJob(load_settings(), "default", ["bow"], wait))  # type: ignore[arg-type]
    try:
        app.run()
        assert "Comparing the models" in app.markdown[0].value
        assert [one.key for one in app.button] == ["compare_stop"]
        app.button(key="compare_stop").click().run()
        assert app.button(key="compare_stop").disabled
    finally:
        release.set()
    finish(app, lambda: bool(app.error))
    assert app.error[0].value.startswith("The disk is full")
    app.button(key="compare_dismiss").click().run()
    assert not app.error
    assert app.button(key="compare_start")


def test_a_damaged_result_leaves_the_choice_open(home: Path) -> None:
    path = kept_path(load_settings(), "default")
    path.parent.mkdir(exist_ok=True)
    path.write_text("{")
    app = run()
    assert "cannot be read" in app.error[0].value
    assert app.button(key="compare_start")


def test_a_result_of_other_documents_says_so(home: Path, collection: Collection) -> None:
    comparison = compared(collection, "bow", "tfidf")
    keep_comparison(replace(comparison, made_at="2020-01-01T00:00:00+00:00"), load_settings())
    app = run()
    assert "Documents came or went since" in app.info[0].value
    assert "1 January 2020" in html_of(app)
