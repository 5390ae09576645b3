"""The parts of the pages that need no browser, and their small states with Streamlit's AppTest."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest import ingest_paths
from ingest.history import kept_text, last_outcomes
from rag_app.errors import AnswerError, RagError, StoreBusyError, UsageError
from rag_app.settings import Settings, load_settings
from rag_app.store import Conversations, Store
from rag_app.store.belongings import uploads_of
from rag_app.types import Answer, AnswerEvent, AnswerToken, Citation, FileOutcome
from rag_app.ui import launch, markup, pdf_password, problems, settings_page, suggestions, wording
from rag_app.ui.generation import STOPPED, UNEXPECTED, Generation
from rag_app.ui.records import AnswerRecord, record_from, record_of
from rag_app.ui.resources import Resources
from rag_app.ui.upload import UploadJob
from rag_app.ui.upload_files import keep, safe_name, settle

APP = Path(launch.__file__).with_name("app.py")
CITATION = Citation(1, "c1", "d1", "/a/b.pdf", ("/a/b.pdf",), 2, "36 months", 0.9, True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty RAG_HOME, for this process."""
    monkeypatch.setenv("RAG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    st.cache_resource.clear()
    st.cache_data.clear()
    return tmp_path / "home"


# --- text from documents and models is data


@pytest.mark.parametrize(
    "text",
    [
        "![x](http://tracker.example/p.png)",
        "see [here](http://tracker.example)",
        "costs $5 and $10",
        ":red[alarm] :material/home: :smile:",
        "<img src=x onerror=alert(1)>",
        "# Not a heading",
        "1. first * second _third_ `code`",
        r"back\slash | table | ~~gone~~ 10:30",
    ],
)
def test_quoted_text_has_no_markup_left(text: str) -> None:
    shown = markup.quoted(text)
    assert all(
        before == "\\"
        for before, char in zip(" " + shown, shown, strict=False)
        if char in "[]()<>*_`#$:!~|" and char != "\\"
    )
    assert shown.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\") == text


def test_a_models_answer_keeps_emphasis_and_code_but_loads_nothing() -> None:
    shown = markup.model_answer(
        "**Bold** ![p](http://t.example/x.png) [l](http://t.example) $1 :red[x] `![k](v) $` [2]",
        "cite-7",
    )
    assert "**Bold**" in shown
    assert "`![k](v) $`" in shown
    assert "![p](" not in shown
    assert "[l](" not in shown
    assert r"\$1" in shown
    assert r"\:red[x]" in shown
    assert "[:primary-badge[2]](#cite-7-2)" in shown


def test_marks_of_several_sources_are_links_each() -> None:
    shown = markup.model_answer("So it is [1, 3].", "cite-1")
    assert "(#cite-1-1)" in shown
    assert "(#cite-1-3)" in shown


def test_verbatim_text_keeps_its_marks_and_escapes_the_rest() -> None:
    assert markup.verbatim_answer("5*3 [1]", "p") == r"5\*3 [:primary-badge[1]](#p-1)"


def test_the_quote_is_marked_in_its_passage() -> None:
    html = markup.marked_passage("a <b> 36 months & more", "36 months")
    assert html == "a &lt;b&gt; <mark>36 months</mark> &amp; more"
    assert "<mark>" not in markup.marked_passage("other words", "36 months")


def test_an_excerpt_has_no_marks_of_headings() -> None:
    text = "# Warranty\n\nThe pump #1.\n### Two years ###\n#hash"
    shown = markup.without_heading_marks(text)
    assert shown == "Warranty\n\nThe pump #1.\nTwo years ###\n#hash"


TABLE = "| Figure | H2 |\n|---|---|\n| Price *net* | $5 |"


def test_a_quoted_table_is_a_table_and_its_cells_are_plain_words() -> None:
    shown = markup.verbatim_answer(f"{TABLE}\n\n[1] | a |", "p")
    assert shown == (
        "|Figure|H2|\n|---|---|\n|Price \\*net\\*|\\$5|\n\n[:primary-badge[1]](#p-1) \\| a \\|"
    )
    noted = markup.verbatim_answer("| Price | H2 |\n|---|---|\n| Net [3] | 5 |\n\n[1]", "p")
    assert r"|Net \[3\]|5|" in noted
    assert noted.endswith("\n\n[:primary-badge[1]](#p-1)")
    alone = markup.verbatim_answer("| Seal | HV-114 | [1]", "p")
    assert alone == r"Seal · HV\-114 [:primary-badge[1]](#p-1)"


def test_rows_are_without_bars_where_all_is_one_line() -> None:
    assert markup.shortened(f"See:\n{TABLE}") == "See: Figure · H2 Price *net* · $5"


def test_the_rows_of_a_passage_are_a_table_with_the_quoted_one_marked() -> None:
    html = markup.marked_passage(f"Sizes\n{TABLE}\nEnd", "| Price *net* | $5 |")
    assert html == (
        'Sizes\n<table class="rows"><tr><td>Figure</td><td>H2</td></tr>'
        "<tr><td><mark>Price *net*</mark></td><td><mark>$5</mark></td></tr></table>End"
    )
    assert "<mark>Sizes\n</mark><table" in markup.marked_passage(
        f"Sizes\n{TABLE}", f"Sizes\n{TABLE}"
    )


# --- numbers for people


@pytest.mark.parametrize(
    ("number", "text"), [(7, "7 bytes"), (2100, "2.1 kB"), (55_300, "55 kB"), (3.2e9, "3.2 GB")]
)
def test_sizes(number: int, text: str) -> None:
    assert wording.size(number) == text


def test_counts() -> None:
    assert wording.count(1, "page") == "1 page"
    assert wording.count(1200, "page") == "1,200 pages"


# --- records


def test_a_record_comes_back_as_it_was_kept() -> None:
    answer = Answer(
        "q", "q2", "t [1]", False, (CITATION,), (), "c", "minilm", "extractive", {"total": 0.1}
    )
    record = replace(record_of(answer), k=7, where=("type=pdf",))
    assert record_from(record.to_json(), record.text) == record


def test_reasons_that_cannot_be_given_are_a_sentence(home: Path) -> None:
    shared = Resources(load_settings())
    record = AnswerRecord("t", searched_for="q", collection="gone", llm="extractive")
    with pytest.raises(RagError, match="no collection 'gone' any more"):
        shared.explain(record)
    ingested = home.parent / "pump.txt"
    ingested.write_text("The pump has a warranty of 36 months.\n")
    ingest_paths([ingested], load_settings())
    record = replace(record, collection="default", searched_for="warranty", where=("type=pdf",))
    with contextlib.closing(shared.store):
        assert shared.explain(record).hits == ()
        assert "type=pdf" in shared.explain(record).notices[0]
        found = shared.explain(replace(record, where=(), k=1))
    assert [one.hit.document.name for one in found.hits] == ["pump.txt"]


@pytest.mark.parametrize(
    ("spec", "host"),
    [
        ("ollama:all-minilm", None),
        ("ollama:all-minilm?base_url=http://192.0.2.1:11434", "192.0.2.1"),
        ("voyage:voyage-3.5", "api.voyageai.com"),
        ("voyage:voyage-3.5?base_url=http://127.0.0.1:9", None),
        ("voyage:voyage-3.5?nonsense", None),
    ],
)
def test_where_text_goes_follows_the_address_in_the_spec(
    home: Path, spec: str, host: str | None
) -> None:
    shared = Resources(load_settings())
    with contextlib.closing(shared.store):
        assert shared.embedding_destination(spec) == host


def test_a_record_of_another_version_is_read() -> None:
    stored = {"citations": [{"number": 1, "source": "/x.md", "page": 1, "quote": "q"}], "new": 1}
    record = record_from(stored, "text")
    assert record.text == "text"
    assert record.citations[0].sources == ("/x.md",)


# --- an answer being written


def generate(events: Callable[[Callable[[], bool]], Iterator[AnswerEvent]]) -> list[AnswerRecord]:
    kept: list[AnswerRecord] = []
    generation = Generation("q", events, kept.append, "extractive")
    generation.start()
    assert generation.finished.wait(5)
    return kept


def test_stopping_keeps_the_words_at_once_and_the_late_answer_is_dropped() -> None:
    kept: list[AnswerRecord] = []
    release, written = threading.Event(), threading.Event()

    def slow(should_stop: Callable[[], bool]) -> Iterator[AnswerEvent]:
        yield AnswerToken("Half ")
        written.set()
        release.wait(5)
        yield AnswerToken("an answer")

    generation = Generation("q", slow, kept.append, "m")
    generation.start()
    assert written.wait(5)
    started = time.monotonic()
    generation.stop()
    assert time.monotonic() - started < 0.5
    assert generation.finished.is_set()
    release.set()
    time.sleep(0.05)
    assert [(r.text, r.stopped, r.notices) for r in kept] == [("Half ", True, (STOPPED,))]


def test_an_error_in_the_middle_keeps_the_words_and_the_sentence() -> None:
    def broken(should_stop: Callable[[], bool]) -> Iterator[AnswerEvent]:
        yield AnswerToken("Half ")
        raise AnswerError("The model is gone. Start it again.")

    (record,) = generate(broken)
    assert record.text == "Half "
    assert record.error == "The model is gone. Start it again."


def test_an_unexpected_error_is_a_sentence_and_not_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(should_stop: Callable[[], bool]) -> Iterator[AnswerEvent]:
        raise KeyError("secret detail")
        yield

    (record,) = generate(broken)
    assert record.error == UNEXPECTED
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("error", [RagError("The disk is full."), OSError("secret detail")])
def test_an_answer_that_cannot_be_kept_is_said(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def events(should_stop: Callable[[], bool]) -> Iterator[AnswerEvent]:
        yield AnswerToken("Half ")

    def full(record: AnswerRecord) -> None:
        raise error

    generation = Generation("q", events, full, "extractive")
    generation.start()
    assert generation.finished.wait(5)
    assert "could not be kept" in generation.unsaved
    assert ("disk is full" in generation.unsaved) is isinstance(error, RagError)
    assert "secret" not in generation.unsaved
    assert str(error) in caplog.text


# --- uploads


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a.pdf", "a.pdf"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\me\b.txt", "b.txt"),
        (".hidden", "hidden"),
        ("", "upload"),
        ("x" * 300 + ".pdf", "x" * 120 + ".pdf"),
    ],
)
def test_names_of_uploads_stay_in_their_folder(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def test_a_bad_file_does_not_take_the_place_of_a_good_one(tmp_path: Path) -> None:
    path = keep(tmp_path, "a.txt", b"good")
    settle([path], [FileOutcome(str(path), "added")])
    keep(tmp_path, "a.txt", b"bad")
    settle([path], [FileOutcome(str(path), "failed", "broken")])
    assert path.read_bytes() == b"good"
    keep(tmp_path, "a.txt", b"better")
    settle([path], [FileOutcome(str(path), "updated")])
    assert path.read_bytes() == b"better"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_that_was_not_ingested_is_not_kept(tmp_path: Path) -> None:
    path = keep(tmp_path, "a.txt", b"")
    settle([path], [FileOutcome(str(path), "skipped", "empty")])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RagError, match="could not be kept"):
        keep(tmp_path / "file", "a.txt", b"x")


def test_two_uploads_at_once_both_arrive(home: Path) -> None:
    settings = load_settings()
    jobs = []
    for number in (1, 2):
        path = keep(
            uploads_of(settings.home, "default"), f"{number}.txt", f"Fact {number}.".encode()
        )
        jobs.append(UploadJob(settings, "default", [path], restore=True))
    jobs[0].start()
    jobs[1].start(after=jobs[0])
    assert jobs[1].finished.wait(60)
    assert [job.error for job in jobs] == ["", ""]
    with Store(settings) as store:
        assert [d.name for d in store.get("default").documents()] == ["1.txt", "2.txt"]


def test_uploads_and_conversations_move_with_their_collection(home: Path) -> None:
    settings = load_settings()
    path = keep(uploads_of(settings.home, "old"), "a.txt", b"A fact that stays.")
    ingest_paths([path], settings, collection="old")
    conversations = Conversations(settings)
    conversations.create("old")
    keep(uploads_of(settings.home, "taken"), "b.txt", b"A fact of nobody.")
    with Store(settings) as store:
        with pytest.raises(UsageError, match="has files of a former collection of this name"):
            store.rename("old", "taken")
        quick = Store(settings.override(lock_wait_s=0))
        with store.get("old").writer(1), pytest.raises(StoreBusyError):
            quick.rename("old", "new")
        store.rename("old", "new")
        (document,) = store.get("new").documents()
        assert document.sources == (str(uploads_of(settings.home, "new") / "a.txt"),)
        assert Path(document.source).read_bytes() == b"A fact that stays."
        assert [one.collection for one in conversations.list()] == ["new"]
        store.delete("new")
    assert not uploads_of(settings.home, "new").exists()
    assert (uploads_of(settings.home, "taken") / "b.txt").exists()


def test_a_conversation_says_that_its_collection_is_gone(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A fact that stays.")
    for name in ("default", "gone"):
        ingest_paths([tmp_path / "a.txt"], load_settings(), collection=name)
    with Store(load_settings()) as store:
        conversations = Conversations(load_settings())
        conversation = conversations.create("gone")
        conversations.add(conversation, "user", "What stays?")
        app = run()
        app.button(key=f"open_{conversation}").click().run()
        assert not app.info
        store.delete("gone")
    app.run()
    (told,) = app.info
    assert told.value == (
        "This conversation was with the collection gone, which is no longer there. "
        "What you ask now is asked of **default**."
    )
    assert not app.exception


# --- starting


def test_config_file_and_flags_say_the_same() -> None:
    text = (Path(__file__).parents[1] / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert dict(flattened(tomllib.loads(text))) == dict(launch.OPTIONS)


def flattened(tree: dict, prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def test_nothing_is_reported_and_only_this_machine_is_served() -> None:
    given = launch.arguments(Settings(), "127.0.0.1", 8501)
    assert "--browser.gatherUsageStats=false" in given
    assert "--server.address=127.0.0.1" in given
    assert "--server.allowedHosts=localhost" in given
    assert not [one for one in given if one.startswith("--browser.serverAddress")]


def test_a_proxys_name_is_known_and_others_are_not() -> None:
    given = launch.arguments(Settings(), "127.0.0.1", 8501, "docs.example.org")
    names = [one for one in given if one.startswith("--server.allowedHosts=")]
    known = ("localhost", "127.0.0.1", "docs.example.org")
    assert names == [f"--server.allowedHosts={name}" for name in known]
    assert "--browser.serverAddress=docs.example.org" in given


def test_an_open_server_has_any_name_whatever_a_file_says() -> None:
    """The clone's own ``.streamlit/config.toml`` knows localhost only."""
    given = launch.arguments(Settings(), "0.0.0.0", 8501)
    names = [one for one in given if one.startswith("--server.allowedHosts=")]
    assert names == ["--server.allowedHosts=*"]


def test_the_upload_limit_follows_the_setting() -> None:
    given = launch.arguments(Settings(max_file_mb=12.5), "127.0.0.1", 8501)
    assert "--server.maxUploadSize=50" in given  # room for a sentence about what is larger


def test_flags_reach_the_pages_as_flags(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = Settings().override(home=tmp_path, top_k=9)
    given = launch.arguments(settings, "127.0.0.1", 8501)
    monkeypatch.setattr("sys.argv", ["app.py", given[-1]])
    again = load_settings(launch.flags_of_this_process(), environ={})
    assert (again.home, again.top_k) == (tmp_path, 9)
    assert again.origin("top_k").source == "flag"


def test_a_taken_port_is_said_before_anything_starts() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="rag serve --port"):
            launch.check_free("127.0.0.1", taken.getsockname()[1])


# --- pages in small states


def run(page: str = "") -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=30)
    app.run()
    if page:
        app.switch_page(page).run()
    return app


def html_of(app: AppTest) -> str:
    return " ".join(str(element.proto) for element in app.get("html"))


def test_without_documents_the_page_points_to_them(home: Path) -> None:
    app = run()
    assert not app.exception
    assert not app.error
    assert "Ask your documents" in html_of(app)
    assert [b.label for b in app.button if b.key == "to_documents"] == ["Add documents"]
    assert not app.chat_input


def test_documents_are_shown_as_they_were_read(home: Path, tmp_path: Path) -> None:
    german = "Die Pumpe ist auf dem Dach und wird von der Firma im Jahr nur einmal geprüft.\n"
    (tmp_path / "<b>pumpe.txt").write_text(german * 3)
    ingest_paths([tmp_path / "<b>pumpe.txt"], load_settings())
    with Store(load_settings()) as store:
        (record,) = store.get("default").documents()
        spec = store.get("default").info.embedding.spec
        read = last_outcomes(store, "default", [record])[record.id]
        told = replace(read, ocr_pages=3, empty_pages=1, unknown_words=0.25, reason="<b> lacks it.")
        with store.get("default").writer(0) as writer:
            writer.keep_readings({record.id: kept_text(told, spec)})
    app = AppTest.from_function(_documents_page, default_timeout=30).run()
    assert not app.exception
    shown = html_of(app)
    for words in (
        "German",
        "3 pages recognised on images (OCR)",
        "1 page without text",
        "25% of the words unknown to the model",
        "&lt;b&gt; lacks it.",
        f"It is in German, which the embedding model {spec} was not made for.",
    ):
        assert words in shown
    assert {one.key for one in app.get("download_button")} == {"report_json", "report_csv"}


def _documents_page() -> None:
    from rag_app.ui import documents

    documents.page()


def test_wrong_settings_are_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_TOP_K", "none")
    app = run()
    assert not app.exception
    assert markup.quoted("Setting 'top_k'") in app.error[0].value


def test_what_the_documents_do_not_tell_is_said_kindly(home: Path, tmp_path: Path) -> None:
    (tmp_path / "pump.txt").write_text("The pump weighs 12 kilograms. Clean it every two weeks.")
    ingest_paths([tmp_path / "pump.txt"], load_settings())
    app = run()
    app.chat_input[0].set_value("Who won the 1974 football world cup?").run()
    deadline = time.monotonic() + 20
    while "Not in the documents" not in html_of(app) and time.monotonic() < deadline:
        time.sleep(0.1)
        app.run()
    assert "Not in the documents" in html_of(app)
    assert "The passages that came closest" in html_of(app)
    assert not app.exception


def test_settings_say_where_values_come_from_and_never_a_key(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    app = AppTest.from_function(_settings_page, default_timeout=30).run()
    shown = html_of(app)
    assert not app.exception
    assert "from the variable RAG_HOME" in shown
    assert "from the variable OPENAI_API_KEY" in shown
    assert "present" in shown
    assert "sk-very-secret" not in shown
    assert "Nothing leaves this machine" in app.markdown[0].value


def _settings_page() -> None:
    from rag_app.ui import settings_page

    settings_page.page()


def test_every_setting_is_shown_once() -> None:
    shown = [name for names in settings_page.SECTIONS.values() for name in names]
    assert sorted(shown) == sorted(Settings.model_fields)


# --- errors


def test_an_unexpected_error_goes_to_the_log_and_not_to_the_page(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr("rag_app.ui.sidebar.show", broken)
    caplog.set_level(logging.DEBUG)  # not even then
    app = run()
    assert [error.value for error in app.error] == [markup.quoted(problems.UNEXPECTED)]
    assert not app.exception
    assert not app.expander
    (record,) = [r for r in caplog.records if r.name == "rag_app.ui.problems"]
    assert record.levelno == logging.ERROR
    assert "secret detail" in caplog.text
    assert "Traceback" in caplog.text


def test_a_click_that_fails_is_said_on_the_page(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("secret detail")

    (tmp_path / "pump.txt").write_text("The pump weighs 12 kilograms.")
    ingest_paths([tmp_path / "pump.txt"], load_settings())
    app = run()
    monkeypatch.setattr("rag_app.ui.resources.Resources.ask", broken)
    app.chat_input[0].set_value("How heavy is it?").run()
    assert not app.exception
    assert [error.value for error in app.error] == [markup.quoted(problems.UNEXPECTED)]
    assert "secret detail" in caplog.text
    app.run()
    assert not app.error


def test_a_setting_beyond_the_slider_moves_its_end(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pump.txt").write_text("The pump weighs 12 kilograms.")
    ingest_paths([tmp_path / "pump.txt"], load_settings())
    monkeypatch.setenv("RAG_TOP_K", "50")
    app = run()
    assert not app.error
    assert (app.slider[0].value, app.slider[0].max) == (50, 50)


# --- questions to begin with


def test_the_shortest_question_of_each_document_is_suggested() -> None:
    rows = [
        ("How long is the warranty of this pump?", "a.pdf"),
        ("How heavy is it?", "a.pdf"),
        ("¿Cuánto dura la garantía?", "b.pdf"),
        ("Who?", "not-there.pdf"),
        ("What is the capital of France?", None),
    ]
    lines = [json.dumps({"question": question, "document": name}) for question, name in rows]
    found = suggestions.of_samples(lines, {"a.pdf", "b.pdf", "c.pdf"})
    assert found == ["How heavy is it?", "¿Cuánto dura la garantía?"]
    assert suggestions.of_samples(reversed(lines), {"a.pdf", "b.pdf", "c.pdf"}) == found


def test_without_samples_a_heading_below_the_title_makes_a_question(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "pump.md").write_text("# Pump\n\nRead this.\n\n## Warranty\n\nIt is 36 months.\n")
    (tmp_path / "bare.md").write_text("# Notes\n\nThe pump room is upstairs.\n")
    ingest_paths([tmp_path / "pump.md", tmp_path / "bare.md"], load_settings())
    with Store(load_settings()) as store:
        collection = store.get("default")
        made = {
            record.name: suggestions.of_document(record, collection.chunks(record.id))
            for record in collection.documents()
        }
    assert made == {"pump.md": "What does pump.md say about “Warranty”?", "bare.md": ""}


@pytest.mark.parametrize(
    ("name", "password", "asked_for"),
    [
        ("secret.pdf", None, True),
        ("secret.pdf", "wrong", True),
        ("secret.pdf", "owl", False),
        ("pump-manual.pdf", None, False),
        ("broken.pdf", None, False),
        ("binary.txt", None, False),
        ("gone.pdf", None, False),
    ],
)
def test_a_password_is_asked_for_where_it_opens_the_file(
    papers: Path, name: str, password: str | None, asked_for: bool
) -> None:
    assert pdf_password.needed(papers / name, password) is asked_for
