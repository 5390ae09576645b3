"""Worker processes: whatever a file does to the one that reads it, the others are read."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import pytest
from embeddings_samples import settings_in
from ingest_samples import simple_pdf

from ingest import ingest_paths, load
from ingest.answers import read_answer
from ingest.isolate import Worker, WorkerDied
from ingest.limits import Limits
from ingest.load import Format, LoadOptions
from ingest.messages import Summary
from ingest.plan import Task
from ingest.pool import Readers
from ingest.stages import stages_of
from rag_app.errors import DocumentError, DocumentUnreadableError
from rag_app.store import Store

LIMITS = Limits(seconds=60, memory_mb=400, workers=1)
DEADLINE_S = 60.0


@pytest.fixture(autouse=True)
def faults(monkeypatch):
    """Files that end in .fault are read by the loader that has faults."""
    row = Format("text/x-fault", (".fault",), "fault_loader")
    monkeypatch.setattr(load, "FORMATS", (*load.FORMATS, row))


def make(folder: Path, *contents: str) -> list[Path]:
    paths = []
    for number, content in enumerate(contents):
        paths.append(folder / f"{number:02d}.fault")
        paths[-1].write_text(content)
    return paths


def read(paths, limits=LIMITS, options=None):
    """What each file gave: the text of its pages, or the reason why not."""
    readers = Readers(options or LoadOptions(), limits)
    found = []
    try:
        for turn in readers.turns([Task(path.name, (path,)) for path in paths]):
            try:
                parts = turn.read().parts()
                found.append([one.page.text for part in parts for one in part.sections])
            except DocumentError as error:
                found.append(str(error))
    finally:
        readers.close()
    return found


def is_gone(pid: int) -> bool:
    """Whether a process has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_for(condition):
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def test_each_fault_costs_its_own_file_alone(tmp_path):
    held = bytearray(LIMITS.memory_mb << 20)  # a parent of this size must not look like its child's
    paths = make(tmp_path, "good 0", "abort", "leave", "recurse", "fetch", "start", "chatter")
    found = read([*paths, *make(tmp_path / "..", "good 1")])
    assert found[0] == ["good 0"]
    assert "crash (SIGABRT)" in found[1]
    assert "crash (exit status 0)" in found[2]
    assert "nested too deeply" in found[3]
    assert "network or for another program" in found[4]
    assert "network or for another program" in found[5]
    assert found[6] == ["chatter"]
    assert found[7] == ["good 1"]
    assert held
    for reason in found[1:6]:
        assert reason.startswith("0")
        assert "\n" not in reason


@pytest.mark.parametrize("fault", ["sleep", "spin"])
def test_a_file_that_takes_for_ever(tmp_path, fault):
    found = read(make(tmp_path, fault, "good"), Limits(seconds=0.5, memory_mb=400, workers=2))
    assert "takes more than 0.5 seconds" in found[0]
    assert "parse_seconds" in found[0]
    assert found[1] == ["good"]


def test_a_file_that_tells_of_its_pages_may_take_longer_than_one_page_may(tmp_path):
    found = read(make(tmp_path, "slow", "good"), Limits(seconds=3, memory_mb=400, workers=2))
    assert found == [["slow"], ["good"]]


def test_a_file_that_takes_all_memory(tmp_path):
    found = read(make(tmp_path, "allocate", "good"))
    assert "more than 400 MB of memory" in found[0]
    assert "parse_memory_mb" in found[0]
    assert found[1] == ["good"]


def test_a_file_with_more_text_than_any_document(tmp_path):
    found = read(make(tmp_path, "pages 100", "good"), options=LoadOptions(max_characters=500))
    assert "900 characters of text, more than the limit of 500" in found[0]
    assert found[1] == ["good"]


def test_pages_come_in_parts_and_in_order(tmp_path):
    long = "pages 40 " + "word " * 4000
    found = read(make(tmp_path, long, "good 1", long, "good 2"), Limits(workers=3))
    assert [len(one) for one in found] == [40, 1, 40, 1]
    readers = Readers(LoadOptions(), LIMITS)
    turn = next(readers.turns([Task("long", (tmp_path / "00.fault",))]))
    reading = turn.read()
    assert 3 < sum(1 for _ in reading.parts()) < 10
    assert reading.summary.pages == 40
    assert reading.summary.peak_mb is None or reading.summary.peak_mb > 1
    assert set(reading.summary.stages) == {"load", "clean"}
    readers.close()


def test_an_answer_that_is_left_is_not_taken_for_the_next_one(tmp_path):
    paths = make(tmp_path, "pages 80 " + "word " * 4000, "good")
    readers = Readers(LoadOptions(), LIMITS)
    taken = []
    for turn in readers.turns([Task(path.name, (path,)) for path in paths]):
        parts = turn.read().parts()
        taken.append(turn.task.document_id)
        if turn.task.document_id == "00.fault":
            next(parts)
        else:
            assert [one.page.text for part in parts for one in part.sections] == ["good"]
    assert taken == ["00.fault", "01.fault"]
    readers.close()


def test_an_answer_can_make_nothing_run_here():
    """A worker that a file took over might send anything."""
    with pytest.raises(pickle.UnpicklingError, match="no answer"):
        read_answer(BytesIO(pickle.dumps(os.system)))
    summary = Summary("id", "text/plain", None, 1, 0, 4, 4)
    assert read_answer(BytesIO(pickle.dumps(summary))) == summary


def test_a_worker_that_is_closed_is_gone(tmp_path):
    (path,) = make(tmp_path, "sleep")
    worker = Worker(LIMITS)
    worker.ask((path, LoadOptions(), load.FORMATS))
    wait_for(lambda: path.with_suffix(".pid").exists() and path.with_suffix(".pid").read_text())
    worker.stop()
    worker.stop()
    assert is_gone(int(path.with_suffix(".pid").read_text()))
    with pytest.raises(WorkerDied):
        worker.answer()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_its_parent(tmp_path, number):
    (path,) = make(tmp_path, "sleep")
    script = (
        "import sys; from pathlib import Path; sys.path.append(sys.argv[2])\n"
        "from ingest import load\nfrom ingest.isolate import Worker\n"
        "from ingest.limits import Limits\n"
        "row = load.Format('text/x-fault', ('.fault',), 'fault_loader')\n"
        "worker = Worker(Limits())\n"
        "worker.ask((Path(sys.argv[1]), load.LoadOptions(), (row,)))\nworker.answer()\n"
    )
    command = [sys.executable, "-c", script, str(path), str(Path(__file__).parent)]
    with subprocess.Popen(command) as parent:
        pid_file = path.with_suffix(".pid")
        wait_for(lambda: pid_file.exists() and pid_file.read_text())
        parent.send_signal(number)
    wait_for(lambda: is_gone(int(pid_file.read_text())))


def test_a_run_is_stopped_while_a_file_hangs(tmp_path):
    (path,) = make(tmp_path, "sleep")
    pid_file = path.with_suffix(".pid")

    def cancelled():
        return pid_file.exists() and bool(pid_file.read_text())

    report = ingest_paths([path], settings_in(tmp_path / "rag"), cancelled=cancelled)
    assert report.interrupted
    assert report.outcomes == ()
    wait_for(lambda: is_gone(int(pid_file.read_text())))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("spin", "takes more than 0.5 seconds"),
        ("abort", "crash"),
        ("allocate", "more than 400 MB of memory"),
        ("pages 100", "more than the limit of 600"),
    ],
)
def test_a_file_is_explained_within_the_limits(tmp_path, fault, said):
    limits = {"parse_seconds": 0.5, "parse_memory_mb": 400, "max_file_characters": 600}
    if fault == "allocate":  # which takes its time
        limits["parse_seconds"] = 60
    (path,) = make(tmp_path, fault)
    with pytest.raises(DocumentUnreadableError, match=said) as refused:
        stages_of(path, settings_in(tmp_path / "rag", **limits))
    assert "\n" not in str(refused.value)


def test_an_explanation_is_made_of_plain_strings_only(tmp_path):
    (path,) = make(tmp_path, "strings of a library")
    found = stages_of(path, settings_in(tmp_path / "rag")).document
    (page,) = found.pages
    words = [page.text, page.label, found.title, found.headings[0].title, *found.metadata.items()]
    assert words == [*["strings of a library"] * 4, ("strings of a library",) * 2]


def test_plain_text_needs_no_process(tmp_path, monkeypatch):
    monkeypatch.setattr("ingest.pool.Worker", None)
    (tmp_path / "a.txt").write_text("The pump lifts.")
    (tmp_path / "b.md").write_text("# Pump\n\nIt lifts.")
    assert read([tmp_path / "a.txt", tmp_path / "b.md"]) == [
        ["The pump lifts."],
        ["# Pump\n\nIt lifts."],
    ]
    (tmp_path / "c.txt").write_bytes(b"%PDF-1.4 in disguise")
    with pytest.raises(TypeError):
        read([tmp_path / "c.txt"])


def test_a_run_goes_on_after_a_crash(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    make(folder, "abort", "good words")
    simple_pdf(folder / "terms.pdf", "The warranty lasts 36 months.")
    settings = settings_in(tmp_path / "rag")
    report = ingest_paths([folder], settings)
    assert {Path(one.path).name: one.state for one in report.outcomes} == {
        "00.fault": "failed",
        "01.fault": "added",
        "terms.pdf": "added",
    }
    with Store(settings) as store:
        assert store.check() == []
