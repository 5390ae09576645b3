"""Another embedding model in the pages: the work behind it, and its small states with AppTest."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest import ingest_paths
from ingest.report import Progress
from ingest.switch import open_switch, plan_switch
from ingest.switch_estimate import estimate_switch
from rag_app.embeddings import load_embeddings
from rag_app.errors import RagError, StoreBusyError
from rag_app.settings import Settings, load_settings
from rag_app.store import Store
from rag_app.ui import collection_dialogs
from rag_app.ui.resources import resources
from rag_app.ui.switch_progress import described, share
from rag_app.ui.switch_work import BackJob, Ending, IndexJob, SwitchJob, switches
from rag_app.ui.work import Bench, Work

OWN = "python:custom_samples:factory"
OTHER = "python:custom_samples:factory?fingerprint=other"
THINGS = ("anchor", "kettle", "ladder", "mirror", "basket", "hammer")


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Settings]:
    """Of this process, with a collection of six documents."""
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for module in (st.cache_resource, st.cache_data):
        module.clear()
    for thing in THINGS:
        (tmp_path / f"{thing}.txt").write_text(f"The old {thing} is kept in the museum of Ghent.")
    made = load_settings()
    ingest_paths(sorted(tmp_path.glob("*.txt")), made.override(embedding=OWN))
    yield made
    st.cache_resource.clear()


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store(settings) as opened:
        yield opened


def ended(job: IndexJob) -> Ending:
    job.start()
    assert job.finished.wait(60)
    assert job.error == ""
    assert job.result is not None
    return job.result


def going_back(settings: Settings, store: Store, *, takes_over: bool = True) -> BackJob:
    former = store.generations("default").get("former")
    assert former is not None
    return BackJob(settings, "default", back_to=former.info, takes_over=takes_over)


def model(store: Store) -> str:
    return store.get("default").info.embedding.spec


def add(settings: Settings, path: Path, text: str) -> None:
    path.write_text(text)
    ingest_paths([path], settings)


# --- work


def test_one_job_is_at_work_under_each_key_and_others_beside_it() -> None:
    bench: Bench[Work[int]] = Bench()
    release = threading.Event()
    first, second, elsewhere = (Work(lambda _: int(release.wait(20))) for _ in range(3))
    try:
        assert bench.start("a", first)
        assert not bench.start("a", second)
        assert bench.start("b", elsewhere)
        bench.dismiss("a")
        assert bench.running("a") is first
        assert bench.ended("a") is None
    finally:
        release.set()
    assert first.finished.wait(20)
    assert (bench.running("a"), bench.ended("a")) == (None, first)
    assert bench.start("a", second)  # what has ended makes room


# --- what a switch would take


def test_a_model_that_runs_here_is_timed_and_nothing_is_begun(
    settings: Settings, store: Store
) -> None:
    found = estimate_switch(store, settings, "default", OTHER)
    assert (found.documents, found.passages, found.built) == (6, 6, 0)
    assert found.seconds is not None
    assert 0 < found.seconds < 5
    assert found.is_needed
    assert found.destination is None
    assert store.generations("default").get("next") is None
    assert not estimate_switch(store, settings, "default", OWN).is_needed


def test_one_that_learns_from_the_passages_says_so(settings: Settings, store: Store) -> None:
    found = estimate_switch(store, settings, "default", "tfidf:")
    assert found.needs_fit
    assert found.seconds is None


def test_a_hosted_one_tells_host_and_cost_and_is_sent_nothing(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    found = estimate_switch(store, load_settings(), "default", "openai:text-embedding-3-small")
    assert found.destination == "api.openai.com"
    assert found.cost is not None
    assert found.cost.tokens > 6 * 8


def test_what_an_interrupted_switch_has_built_is_counted(settings: Settings, store: Store) -> None:
    embeddings = load_embeddings(OTHER, settings)
    plan = plan_switch(store, settings, "default", embeddings, OTHER)
    with open_switch(store, settings, plan, embeddings) as opened:
        assert opened.build()
    same = estimate_switch(store, settings, "default", OTHER)
    assert (same.passages, same.built, same.dropped) == (0, 6, None)
    another = estimate_switch(store, settings, "default", "bow")
    assert (another.passages, another.built, another.dropped) == (6, 0, OTHER)


# --- there and back


def test_a_switch_and_the_way_back_with_what_came_since(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    done = ended(SwitchJob(settings, "default", "bow"))
    assert done.complete
    assert done.sentence.startswith("default now answers with bow:default-")
    assert f"The former index ({OWN}) is kept" in done.sentence
    assert model(store).startswith("bow:")

    generations = store.generations("default")
    assert generations.foreseen_debts().total == 0
    add(settings, tmp_path / "later.txt", "The canteen opens at noon.")
    add(settings, tmp_path / "kettle.txt", "The kettle was sold.")
    for _ in range(2):  # looking changes nothing
        assert (generations.foreseen_debts().added, generations.foreseen_debts().changed) == (1, 1)
    assert generations.debts().total == 0

    back = ended(going_back(settings, store, takes_over=False))
    assert back.complete
    assert "2 changed files are not taken over" in back.sentence
    assert model(store) == OWN
    assert store.get("default").info.documents == 6
    caught_up = ended(BackJob(settings, "default"))
    assert caught_up.complete
    assert caught_up.sentence == (
        f"default answers with {OWN}, and has everything that came since the switch."
    )
    assert store.get("default").info.documents == 7


def test_both_models_are_compared_on_the_saved_questions(settings: Settings, store: Store) -> None:
    file = settings.home / "questions" / "default.jsonl"
    file.parent.mkdir(parents=True)
    rows = [
        {"question": f"Where is the old {thing}?", "document": f"{thing}.txt"} for thing in THINGS
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    done = ended(SwitchJob(settings, "default", "bow"))
    assert done.complete
    told = done.remarks[-1]
    assert told.startswith("nDCG@10 on 6 saved questions: ")
    assert f"{OWN} " in told
    assert f"{model(store)} " in told
    assert "6 questions are too few" in told
    file.write_text("no question\n")
    again = ended(SwitchJob(settings, "default", OTHER))
    assert again.complete
    assert again.remarks[-1].startswith("The two could not be compared: Line 1 of ")


def test_a_cancelled_catch_up_says_what_is_left(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    assert ended(SwitchJob(settings, "default", OTHER)).complete
    add(settings, tmp_path / "later.txt", "The canteen opens at noon.")
    job = going_back(settings, store)
    job.cancel()
    left = ended(job)
    assert not left.complete
    assert left.sentence.endswith("1 changed file is not taken over.")
    assert model(store) == OWN


def test_going_back_in_two_windows_goes_back_once(settings: Settings, store: Store) -> None:
    ended(SwitchJob(settings, "default", OTHER))
    first, second = going_back(settings, store), going_back(settings, store)
    assert ended(first).complete
    second.start()
    assert second.finished.wait(30)
    assert f"it answers with {OWN} now. Nothing was done." in second.error
    assert model(store) == OWN


@pytest.mark.parametrize("asked", ["bow", OTHER])
def test_a_cancelled_switch_leaves_the_live_index_whole(
    settings: Settings, store: Store, asked: str
) -> None:
    before = store.get("default").info
    job = SwitchJob(settings, "default", asked)
    job.cancel()
    stopped = ended(job)
    assert not stopped.complete
    assert stopped.sentence == (
        f"You cancelled the switch to {asked}. default answers with {OWN}, as before."
    )
    assert store.get("default").info == before
    assert ended(SwitchJob(settings, "default", asked)).complete


def test_a_model_that_cannot_be_loaded_is_a_sentence(settings: Settings, store: Store) -> None:
    job = SwitchJob(settings, "default", "python:custom_samples:broken")
    job.start()
    assert job.finished.wait(30)
    assert job.error
    assert "Traceback" not in job.error
    assert model(store) == OWN


def test_the_model_in_use_is_no_work(settings: Settings) -> None:
    assert "already. There is nothing to do" in ended(SwitchJob(settings, "default", OWN)).sentence


def test_two_switches_at_once_are_one_and_a_sentence(settings: Settings, store: Store) -> None:
    """Another process (or a second server) may be at it as well."""
    embeddings = load_embeddings(OTHER, settings)
    plan = plan_switch(store, settings, "default", embeddings, OTHER)
    with open_switch(store, settings, plan, embeddings) as opened:
        job = SwitchJob(settings, "default", OTHER)
        job.start()
        assert job.finished.wait(30)
        assert "Another process is switching" in job.error
        assert opened.build()
        assert opened.change_over()
    assert model(store) == OTHER


def test_progress_never_goes_back_and_tells_what_is_left(settings: Settings) -> None:
    job = SwitchJob(settings, "default", OTHER)
    assert (share(job), described(job)) == (0.0, "Getting the model ready")
    job._tell_fit(0.5)
    shares = [share(job)]
    for done in (0, 50, 100):
        job._tell(Progress(0, 4, "a.txt", done, 100, 10.0, 0.0, all_known=True))
        shares.append(share(job))
        if done == 50:
            assert described(job) == "Embedding the passages · 50 of 100 passages · about 10 s left"
    assert described(job) == "Putting the new index together"
    assert shares == sorted(shares)
    assert shares[-1] < 1


def test_a_collection_is_neither_renamed_nor_deleted_meanwhile(settings: Settings) -> None:
    release = threading.Event()
    assert switches().start("default", held(settings, release))
    try:
        with pytest.raises(StoreBusyError, match="embedding model of default is being changed"):
            collection_dialogs._rename(resources(), "default", "other")
    finally:
        release.set()


# --- on the page


class Held(SwitchJob):
    release: threading.Event

    def _change_in(self, store: Store) -> Ending:
        self.release.wait(20)
        raise RagError("The disk is full. Make room.")


def held(settings: Settings, release: threading.Event) -> Held:
    job = Held(settings, "default", OTHER)
    job.release = release
    return job


def _page() -> None:
    from rag_app.ui import problems, switch_progress
    from rag_app.ui.resources import resources

    problems.show_kept()
    switch_progress.show(resources(), resources().store.get("default").info)


def run() -> AppTest:
    app = AppTest.from_function(_page, default_timeout=30).run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return " ".join(one.value for one in app.markdown).replace("\\", "")


def keys(app: AppTest) -> list[str | None]:
    return [one.key for one in app.button]


def test_every_session_sees_a_switch_at_work_and_how_it_ended(settings: Settings) -> None:
    assert keys(run()) == []
    release = threading.Event()
    job = held(settings, release)
    assert switches().start("default", job)
    try:
        app, other = run(), run()
        for one in (app, other):
            assert f"Switching default to {OTHER}" in words(one)
        app.button(key="switch_stop").click().run()
        assert other.run().button(key="switch_stop").disabled
    finally:
        release.set()
    assert job.finished.wait(20)
    until = time.monotonic() + 20
    while not app.error and time.monotonic() < until:
        app.run()
    assert app.error[0].value.startswith("The disk is full")
    assert keys(app) == ["switch_close", "switch_again"]
    app.button(key="switch_close").click().run()
    assert keys(other.run()) == []


def test_what_an_interrupted_switch_has_left_is_gone_on_with_or_dropped(
    settings: Settings, store: Store
) -> None:
    embeddings = load_embeddings(OTHER, settings)
    plan = plan_switch(store, settings, "default", embeddings, OTHER)
    with open_switch(store, settings, plan, embeddings) as opened:
        assert opened.build()
    app = run()
    assert "is not finished: 6 of 6 passages are there" in words(app)
    assert keys(app) == ["switch_again", "switch_drop"]
    app.button(key="switch_drop").click().run()
    assert keys(app) == []
    assert app.toast[0].value.startswith("Freed 6 passages of default, about ")
    assert model(store) == OWN


def test_what_a_way_back_has_left_can_be_taken_over(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    ended(SwitchJob(settings, "default", OTHER))
    add(settings, tmp_path / "later.txt", "The canteen opens at noon.")
    ended(going_back(settings, store, takes_over=False))
    app = run()
    assert "1 file is not taken over yet" in words(app)
    app.button(key="switch_take_over").click().run()
    until = time.monotonic() + 20
    while "has everything that came since" not in words(app) and time.monotonic() < until:
        app.run()
    assert "has everything that came since" in words(app)
    assert store.get("default").info.documents == 7
