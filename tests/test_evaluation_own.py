"""A collection measured by the user's own questions, and what has changed since the last time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from answering_samples import build, made_hit, made_settings, record
from cli_samples import SAMPLES, Cli
from embeddings_samples import prepared_cache

from rag_app.answering import Assistant
from rag_app.errors import UsageError
from rag_app.evaluation.kept import forget_kept, move_kept
from rag_app.evaluation.own_kept import kept_folder
from rag_app.evaluation.own_measure import measure_own
from rag_app.evaluation.own_outcomes import Outcome, outcome_of
from rag_app.evaluation.own_questions import OwnQuestion, read_own_questions
from rag_app.evaluation.own_report import OwnReport, figures_of
from rag_app.settings import Settings
from rag_app.store import Store
from rag_app.types import Answer

ROWS: tuple[dict[str, object], ...] = (
    {
        "question": "How long is the warranty of the Heron pump?",
        "document": "warranty.pdf",
        "page": 1,
        "answer": "36 months",
    },
    {"question": "Who founded Heron Pumps?", "document": "history.txt", "answer": "Napoleon"},
    {"question": "Why must the pump never run dry?", "text": "because the seals overheat"},
    {"question": "Which opera did Verdi write in Sankt Petersburg?"},
    {"question": "How many people work in Gdansk today?", "answerable": False},
)


def written(path: Path, rows: object = ROWS) -> Path:
    lines = [json.dumps(row) + "\n" for row in rows]  # type: ignore[attr-defined]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("own")
    return made_settings(folder / "home", cache=prepared_cache(folder / "cache"))


@pytest.fixture(scope="module")
def store(settings: Settings) -> Iterator[Store]:
    with build(settings) as store:
        yield store


@pytest.fixture(scope="module")
def assistant(settings: Settings, store: Store) -> Assistant:
    return Assistant.open(settings, store)


def measured(assistant: Assistant, path: Path, k: int | None = None) -> OwnReport:
    return measure_own(assistant, read_own_questions(path, assistant.collection.documents()), k)


def made_answer(*names: str, text: str = "Anything.", abstained: bool = False) -> Answer:
    """An answer whose passages are of these documents, on pages 1, 2, 3 …"""
    hits = tuple(made_hit("A passage.", name=name, page=n) for n, name in enumerate(names, start=1))
    hits = tuple(
        replace(hit, document=replace(hit.document, id=hit.document.source)) for hit in hits
    )
    return Answer("q", "q", text, abstained, (), hits, "c", "minilm", "extractive", {})


def made_outcome(*, answerable: bool, abstained: bool, rank: int | None = None) -> Outcome:
    asked = OwnQuestion(1, "Who?", "a.txt" if answerable else "", "a", answerable=answerable)
    return Outcome(asked, rank, None, None, False, abstained, "")


class TestReading:
    def test_what_a_line_may_hold(self, tmp_path: Path) -> None:
        documents = [record("warranty.pdf", ("One.",))[0]]
        path = tmp_path / "q.csv"
        path.write_text(
            "question;document;page;answer;answerable\n"
            "How long?;warranty.pdf;1;36 months;\n"
            "Who is it?;;;;\n"
            "Where to?;warranty.pdf;;;no\n",
            encoding="utf-8",
        )
        asked = read_own_questions(path, documents).questions
        assert [one.answerable for one in asked] == [True, False, False]
        assert asked[0].document_id == documents[0].id
        assert (asked[0].page, asked[0].answer, asked[0].line) == (1, "36 months", 2)

    def test_lines_that_cannot_be_asked_are_told(self, tmp_path: Path) -> None:
        rows = [
            {"question": "Good?"},
            {"question": "?"},
            {"question": "Where?", "document": "lost.pdf"},
            {"question": "Where?", "page": 3},
            {"question": "Where?", "document": "a.txt", "page": "three"},
            {"question": "Where?", "answerable": "maybe"},
        ]
        read = read_own_questions(
            written(tmp_path / "q.jsonl", rows), [record("a.txt", ("One.",))[0]]
        )
        assert [one.question for one in read.questions] == ["Good?"]
        for number, words in enumerate(
            ("no question", "no document 'lost.pdf'", "no document", "no page number", "neither"),
            start=2,
        ):
            assert f"line {number}: " in read.problems[number - 2]
            assert words in read.problems[number - 2]

    @pytest.mark.parametrize("content", ["", '{"question": ""}\n'])
    def test_a_file_with_nothing_to_ask(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "q.jsonl"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(UsageError, match="no question in"):
            read_own_questions(path, [])


class TestOutcomes:
    def test_ranks_of_document_and_page(self) -> None:
        asked = OwnQuestion(1, "Who?", "b.txt", "/docs/b.txt", 3, answer="the  ANSWER")
        outcome = outcome_of(asked, made_answer("a.txt", "b.txt", "b.txt", text="Here the answer."))
        assert (outcome.document_rank, outcome.page_rank) == (2, 3)
        assert outcome.contains
        assert outcome.misses == ()

    def test_a_page_of_another_document_does_not_count(self) -> None:
        asked = OwnQuestion(1, "Who?", "b.txt", "/docs/b.txt", 1)
        outcome = outcome_of(asked, made_answer("a.txt", "b.txt"))
        assert outcome.misses == ("page",)

    def test_all_that_can_be_wrong(self) -> None:
        asked = OwnQuestion(1, "Who?", "b.txt", "/docs/b.txt", 1, "words", "answer")
        outcome = outcome_of(asked, made_answer("a.txt", abstained=True))
        assert outcome.misses == ("document", "page", "text", "answer", "abstained")
        unknown = OwnQuestion(2, "Who?", answerable=False)
        assert outcome_of(unknown, made_answer("a.txt")).misses == ("answered",)
        assert outcome_of(unknown, made_answer("a.txt", abstained=True)).misses == ()

    def test_hit_rates_count_those_that_name_a_place(self) -> None:
        outcomes = [
            made_outcome(answerable=True, abstained=False, rank=1),
            made_outcome(answerable=True, abstained=False, rank=4),
            made_outcome(answerable=True, abstained=False),
            made_outcome(answerable=False, abstained=False),
        ]
        figures = figures_of(outcomes, 5)
        assert figures["document@1"] == pytest.approx(1 / 3)
        assert figures["document@5"] == pytest.approx(2 / 3)
        assert figures["page@5"] is None
        assert figures["answer_contains"] is None

    def test_abstaining(self) -> None:
        outcomes = [
            *[made_outcome(answerable=False, abstained=True)] * 3,
            *[made_outcome(answerable=False, abstained=False)] * 1,
            *[made_outcome(answerable=True, abstained=True)] * 2,
            *[made_outcome(answerable=True, abstained=False)] * 4,
        ]
        report = OwnReport("c", Path("q"), "minilm", "extractive", 5, tuple(outcomes))
        abstention = report.abstention
        assert abstention.precision == pytest.approx(3 / 5)
        assert abstention.recall == pytest.approx(3 / 4)
        assert abstention.f1 == pytest.approx(2 / (5 / 3 + 4 / 3))
        none = OwnReport("c", Path("q"), "minilm", "extractive", 5, tuple(outcomes[-4:]))
        assert (none.abstention.precision, none.abstention.f1) == (None, None)


class TestMeasuring:
    def test_every_question_is_judged(self, assistant: Assistant, tmp_path: Path) -> None:
        report = measured(assistant, written(tmp_path / "q.jsonl"))
        missed = {one.asked.line: one.misses for one in report.missed}
        assert missed == {2: ("answer",), 5: ("answered",)}
        assert report.figures["document@5"] == 1
        assert report.figures["text@5"] == 1
        assert report.figures["answer_contains"] == pytest.approx(1 / 2)
        assert report.abstention.recall == pytest.approx(1 / 2)
        assert report.changes is None

    def test_what_has_changed_since(self, assistant: Assistant, tmp_path: Path) -> None:
        path = written(tmp_path / "q.jsonl")
        measured(assistant, path)
        right = {**ROWS[1], "answer": "Marta Lindqvist"}
        wrong = {**ROWS[0], "answer": "37 months"}
        new = {"question": "What does the Heron 55 cost?", "answer": "615 euros"}
        written(path, [wrong, right, ROWS[3], new])
        changes = measured(assistant, path, 3).changes
        assert changes is not None
        outcomes = {one.question: (one.fixed, one.broken) for one in changes.questions}
        assert outcomes == {
            ROWS[0]["question"]: ((), ("answer",)),
            ROWS[1]["question"]: (("answer",), ()),
        }
        assert (changes.new, changes.gone) == (1, 2)
        assert changes.settings == {"k": (5, 3)}
        assert changes.figures["answer_contains"] == (1 / 2, 2 / 3)
        assert "document@5" not in changes.figures  # there is nothing to compare it with
        assert json.loads(json.dumps(changes.to_json()))["settings"] == {"k": [5, 3]}

    def test_settings_that_were_other_and_passages_that_came_are_told(
        self, store: Store, settings: Settings, tmp_path: Path
    ) -> None:
        path = written(tmp_path / "q.jsonl", ROWS[:1])
        measured(Assistant.open(settings, store), path)
        other = settings.override(fusion="rrf", reader="off", diversity=0.1)
        changes = measured(Assistant.open(other, store), path).changes
        assert changes is not None
        assert changes.settings == {
            "fusion": ("convex", "rrf"),
            "reader": ("on", "off"),
            "diversity": (0.0, 0.1),
        }
        (file,) = [
            one for one in kept_folder(settings, "firm").iterdir() if "rrf" in one.read_text()
        ]
        kept = json.loads(file.read_text())
        kept["how"] = {"passages": kept["how"]["passages"] - 2}
        file.write_text(json.dumps(kept))
        changes = measured(Assistant.open(other, store), path).changes
        assert changes is not None
        assert changes.settings == {"passages": (4, 6)}
        del kept["how"]  # as it was kept before
        file.write_text(json.dumps(kept))
        changes = measured(Assistant.open(other, store), path).changes
        assert changes is not None
        assert changes.settings == {}

    def test_a_question_that_is_asked_twice_is_compared_twice(
        self, assistant: Assistant, tmp_path: Path
    ) -> None:
        path = written(tmp_path / "q.jsonl", [ROWS[0], {**ROWS[0], "answer": "37 months"}])
        measured(assistant, path)
        changes = measured(assistant, path).changes
        assert changes is not None
        assert changes.questions == ()
        assert (changes.new, changes.gone) == (0, 0)

    def test_another_file_has_its_own_history(self, assistant: Assistant, tmp_path: Path) -> None:
        measured(assistant, written(tmp_path / "one.jsonl"))
        assert measured(assistant, written(tmp_path / "two.jsonl")).changes is None

    def test_a_damaged_history_is_begun_anew(
        self, assistant: Assistant, settings: Settings, tmp_path: Path
    ) -> None:
        path = written(tmp_path / "q.jsonl", ROWS[:1])
        measured(assistant, path)
        for file in kept_folder(settings, "firm").iterdir():
            file.write_text("{", encoding="utf-8")
        assert measured(assistant, path).changes is None
        assert measured(assistant, path).changes is not None

    def test_a_stopped_run_reports_and_is_not_kept(
        self, assistant: Assistant, tmp_path: Path
    ) -> None:
        path = written(tmp_path / "q.jsonl")
        asked = read_own_questions(path, assistant.collection.documents())
        done: list[int] = []
        report = measure_own(
            assistant,
            asked,
            progress=lambda number, _total: done.append(number),
            cancelled=lambda: len(done) >= 2,
        )
        assert report.interrupted
        assert len(report.outcomes) == 2
        assert "2 of 5" in report.notices[-1]
        assert measured(assistant, path).changes is None

    def test_history_goes_with_its_collection(self, tmp_path: Path) -> None:
        settings = made_settings(tmp_path)
        kept_folder(settings, "old").mkdir(parents=True)
        kept_folder(settings, "new").mkdir(parents=True)
        (kept_folder(settings, "old") / "a.json").touch()
        (kept_folder(settings, "new") / "stranger.json").touch()
        move_kept(settings, "old", "new")
        assert [one.name for one in kept_folder(settings, "new").iterdir()] == ["a.json"]
        assert not kept_folder(settings, "old").exists()
        forget_kept(settings, "new")
        assert not kept_folder(settings, "new").exists()


def test_the_command(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    assert cli.ingest("--quiet", SAMPLES / "travel-policy.pdf").returncode == 0
    rows = [
        {"question": "Who pays for a hotel?", "document": "travel-policy.pdf", "answer": "nobody"},
        {"question": "Which opera did Verdi write in Sankt Petersburg?"},
    ]
    path = written(tmp_path / "q.jsonl", [*rows, {"question": "Who?", "document": "lost.pdf"}])
    told = cli.json("eval", "questions", path)
    assert told["questions"] == 2
    assert told["figures"]["document@5"] == 1
    assert [one["missed"] for one in told["missed"]] == [["answer"]]
    assert told["abstention"]["abstained_unanswerable"] == 1
    assert told["changes"] is None
    written(path, [{**rows[0], "answer": ""}, rows[1]])
    steps = ("--set", "diversity=0.1", "--set", "neighbours=1")
    shown = cli.rag(*steps, "eval", "questions", path, "--top-k", "3")
    assert shown.returncode == 0, shown.stderr
    assert "diversity: 0.0 → 0.1" in shown.stdout
    assert "neighbours: 0 → 1" in shown.stdout
    assert "Nothing is missed." in shown.stdout
    assert "k: 5 → 3" in shown.stdout
    assert "mended: Who pays for a hotel? (the answer lacks the expected words)" in shown.stdout
    missing = cli.rag("eval", "questions", "nowhere.csv")
    assert missing.returncode == 2
    assert "There is no file nowhere.csv" in missing.stderr
