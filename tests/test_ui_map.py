"""The page *Map*: its states with AppTest, and the work behind it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest import ingest_paths
from rag_app.errors import UsageError
from rag_app.evaluation import collection_map
from rag_app.settings import Settings
from rag_app.ui import map_make
from rag_app.ui.map_work import Drawing, Drawings
from rag_app.ui.work import UNEXPECTED

SUBJECTS = {
    "pump": "The <b>pump</b> number {n} lifts water, and has a warranty of {n} months.",
    "leave": "Holiday leave of {n} days is agreed with the supervisor before the spring begins.",
    "radio": "The controller sends {n} packets of telemetry over the radio to the gateway.",
}
QUESTION = "How long is the warranty of the pump?"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RAG_HOME with a collection of 15 passages and one of a single passage."""
    folder = tmp_path_factory.mktemp("map")
    settings = Settings().override(home=folder / "home")
    for name, text in SUBJECTS.items():
        (folder / "docs").mkdir(exist_ok=True)
        for n in range(5):
            (folder / "docs" / f"{name}-{n}.txt").write_text(text.format(n=n + 12))
    ingest_paths([folder / "docs"], settings)
    ingest_paths([folder / "docs" / "pump-0.txt"], settings.override(collection="small"))
    return folder / "home"


@pytest.fixture
def home(ready: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    monkeypatch.setenv("RAG_HOME", str(ready))
    monkeypatch.chdir(tmp_path)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield ready
    st.cache_resource.clear()


def _page() -> None:
    from rag_app.ui import map_page, problems

    with problems.in_plain_words():
        map_page.page()


def run(charts: int = 1) -> AppTest:
    return settled(AppTest.from_function(_page, default_timeout=30).run(), charts)


def settled(app: AppTest, charts: int = 1) -> AppTest:
    """The page once nothing is waited for any more."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert not app.exception
        if 'class="waiting"' not in html_of(app) and len(app.get("plotly_chart")) == charts:
            return app
        time.sleep(0.1)
        app.run()
    raise AssertionError(html_of(app))


def html_of(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def ask(app: AppTest, question: str = QUESTION) -> AppTest:
    app.text_input(key="map_question").set_value(question).run()
    return settled(app, len(app.get("plotly_chart")))


def test_without_documents_the_page_points_to_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAG_HOME", str(tmp_path))
    st.cache_resource.clear()
    app = run(charts=0)
    assert "There is nothing to draw yet" in html_of(app)
    assert [button.label for button in app.button] == ["Add documents"]


def test_a_collection_of_one_passage_is_too_small(home: Path) -> None:
    app = run()
    app.selectbox[0].set_value("small").run()
    assert "This collection has 1 passage" in html_of(app)
    assert not app.get("plotly_chart")


def test_the_map_says_what_colours_mean_and_how_far_to_believe_it(home: Path) -> None:
    app = run()
    assert "Each dot is a passage" in html_of(app)
    assert "PCA&#x27;s two axes keep" in html_of(app)
    assert "pump-0.txt <span>1</span>" in html_of(app)
    app.button_group(key="map_colour").set_value("cluster").run()
    assert "<span>15</span>" in html_of(app)  # too few passages for more than one cluster
    assert "pump-0.txt" not in html_of(app)
    assert not app.error


def test_a_question_lists_its_hits_as_text_and_moves_nothing(home: Path) -> None:
    app = run()
    assert "map-hit" not in html_of(app)
    ask(app)
    shown = html_of(app)
    assert shown.count('<article class="map-hit">') == map_make.HITS
    assert "&lt;b&gt;pump&lt;/b&gt;" in shown
    assert "<b>pump</b>" not in shown
    assert "The numbered passages are what a search finds" in shown


def test_an_empty_question_is_a_sentence_and_the_map_stays(home: Path) -> None:
    app = ask(run(), "???")
    assert "Ask something in words" in app.error[0].value
    assert len(app.get("plotly_chart")) == 1


def test_a_second_model_stands_beside_the_first_with_hits_of_its_own(home: Path) -> None:
    app = run()
    app.selectbox(key="map_second").set_value("tfidf").run()
    settled(app, charts=2)
    ask(app)
    assert "<h4>minilm</h4>" in html_of(app)
    assert "<h4>tfidf:default-" in html_of(app)
    ask(app, "Wo ist das?")
    assert "knows no word of the question" in html_of(app)


def test_a_hosted_model_gets_no_text_before_the_reader_agrees(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def load(*given: Any) -> None:
        loaded.append(given[-1])
        raise UsageError("It does not answer.")

    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setattr(map_make, "_load", load)
    app = run()
    app.selectbox(key="map_second").set_value("openai:text-embedding-3-small").run()
    settled(app)
    assert loaded == []
    assert any("would be sent to **api" in one.value for one in app.markdown)
    assert any("which would cost" in one.value for one in app.caption)
    app.checkbox[0].check().run()
    settled(app)
    assert loaded == ["openai:text-embedding-3-small"]
    assert "It does not answer" in app.error[0].value
    assert not app.button(key="map_again").disabled


def test_a_map_that_takes_long_is_waited_for_and_a_failure_can_be_tried_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, true_draw = threading.Event(), collection_map.draw_map

    def slow(*given: Any, **named: Any) -> None:
        release.wait(20)
        raise KeyError("secret detail")

    monkeypatch.setattr(collection_map, "draw_map", slow)
    app = AppTest.from_function(_page, default_timeout=30).run()
    assert "Drawing 15 passages" in html_of(app)
    assert app.text_input(key="map_question")  # the rest of the page is there
    release.set()
    settled(app, charts=0)
    assert "Something went wrong" in app.error[0].value
    assert "secret" not in str(app.error)
    monkeypatch.setattr(collection_map, "draw_map", true_draw)
    app.button(key="map_again").click().run()
    assert not settled(app).error


def test_sessions_share_a_drawing_until_it_is_forgotten() -> None:
    made = Drawings()
    first = made.get("a", _nothing)
    assert made.get("a", _nothing) is first
    assert first.finished.wait(5)
    assert first.error == UNEXPECTED
    made.forget(first)
    assert made.get("a", _nothing) is not first


def _nothing(_: Drawing) -> Any:
    raise ZeroDivisionError


def test_a_question_does_not_wait_behind_a_slow_map() -> None:
    made, release = Drawings(), threading.Event()

    def slow(_: Drawing) -> Any:
        release.wait(20)
        raise ZeroDivisionError

    waiting: list[Drawing] = [made.get(n, slow) for n in range(4)]
    try:
        assert made.get("q", _nothing, quick=True).finished.wait(5)
        assert not any(drawing.finished.is_set() for drawing in waiting)
    finally:
        release.set()


def test_the_chart_is_never_offered_to_a_cloud(home: Path) -> None:
    (chart,) = run().get("plotly_chart")
    assert json.loads(chart.proto.config)["showSendToCloud"] is False
