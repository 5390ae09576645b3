"""``ingest`` in a process of its own: states, reports, exit statuses, interruptions."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import sys
from pathlib import Path

import pytest
from cli_samples import SAMPLES, Cli, environment, one_sentence
from pypdf import PdfReader, PdfWriter

from ingest import Progress
from rag_app.cli.progress import ProgressLine, described, duration, seconds_left

FACTS = "# Warranty\n\nThe warranty of the kettle lasts seven years.\n"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "kettle.md").write_text(FACTS, encoding="utf-8")
    (folder / "tea.txt").write_text("Green tea steeps for two minutes.\n", encoding="utf-8")
    return folder


def states(report: dict) -> dict[str, str]:
    return {Path(one["path"]).name: one["state"] for one in report["files"]}


def test_the_life_of_a_folder(cli: Cli, notes: Path) -> None:
    """Added, unchanged, duplicate, updated, forgotten: each as one run sees it."""
    first = cli.ingest(notes, "--report", "first.json")
    assert first.returncode == 0, first.stderr
    assert not first.stdout
    assert re.search(r"2 +added", first.stderr)
    assert "2 files" in first.stderr
    report = json.loads((cli.folder / "first.json").read_text())
    assert states(report) == {"kettle.md": "added", "tea.txt": "added"}
    assert report["totals"]["chunks"] == 2
    assert {"pages", "characters", "chunks", "seconds", "reason"} <= set(report["files"][0])

    shutil.copy(notes / "kettle.md", notes / "copy.md")
    (notes / "tea.txt").write_text("Black tea steeps for four minutes.\n")
    second = cli.ingest("notes/*", "--json")
    assert states(json.loads(second.stdout)) == {
        "kettle.md": "unchanged",
        "copy.md": "duplicate",
        "tea.txt": "updated",
    }
    assert not second.stderr

    (notes / "tea.txt").unlink()
    third = cli.ingest(notes, "--sync", "--quiet", "--json")
    assert states(json.loads(third.stdout))["tea.txt"] == "forgotten"
    shown = cli.json("collections", "show")
    assert [Path(one).name for one in shown["files"][0]["sources"]] == ["kettle.md", "copy.md"]
    assert shown["documents"] == 1


def test_a_setting_that_has_a_flag_of_its_own_may_be_set(cli: Cli, notes: Path) -> None:
    done = cli.ingest(notes, "--set", "chunk_tokens=64", "--set", "collection=tea", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["collection"] == "tea"
    flagged = cli.ingest(notes, "--set", "collection=tea", "--collection", "own", "--json")
    assert json.loads(flagged.stdout)["collection"] == "own"


def test_known_files_are_read_again_when_asked(cli: Cli, notes: Path) -> None:
    assert cli.ingest(notes).returncode == 0
    rehearsed = cli.ingest(notes, "--again", "--dry-run", "--json")
    assert set(states(json.loads(rehearsed.stdout)).values()) == {"updated"}
    again = cli.ingest(notes, "--again", "--json")
    assert again.returncode == 0, again.stderr
    assert states(json.loads(again.stdout)) == {"kettle.md": "updated", "tea.txt": "updated"}
    unchanged = cli.ingest(notes, "--json")
    assert set(states(json.loads(unchanged.stdout)).values()) == {"unchanged"}
    watched = cli.ingest(notes, "--again", "--watch")
    assert watched.returncode == 2
    assert "--again does not go with --watch" in watched.stderr
    assert one_sentence(watched.stderr)


def test_python_dash_m_and_rag_ingest_are_the_same(cli: Cli, notes: Path) -> None:
    assert cli.rag("ingest", notes, "--quiet", "--collection", "one").stderr == ""
    again = cli.ingest(notes, "--json", "--collection", "one")
    assert set(states(json.loads(again.stdout)).values()) == {"unchanged"}
    assert [one["name"] for one in cli.json("collections", "list")] == ["one"]


def test_a_file_that_fails_leaves_the_others(cli: Cli, notes: Path) -> None:
    whole = (SAMPLES / "warranty-and-returns.pdf").read_bytes()
    (notes / "torn.pdf").write_bytes(b"%PDF-1.7\n" + whole[200:400])
    (notes / "empty.txt").touch()
    (notes / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (notes / "picture.gif").write_bytes(b"GIF89a")
    done = cli.ingest(notes, "--report", "report.json")
    assert done.returncode == 3
    report = json.loads((cli.folder / "report.json").read_text())
    found = states(report)
    assert found["kettle.md"] == found["tea.txt"] == "added"
    assert found["torn.pdf"] == "failed"
    assert found["empty.txt"] == found["picture.gif"] == "skipped"
    assert found["binary.txt"] in ("failed", "skipped")
    for one in report["files"]:
        assert bool(one["reason"]) == (one["state"] in ("failed", "skipped"))
        if one["reason"] and not one["path"].endswith(".gif"):
            assert one["reason"] in done.stderr


def test_only_skipped_files_are_no_failure(cli: Cli, notes: Path) -> None:
    (notes / "empty.txt").touch()
    done = cli.ingest(notes)
    assert done.returncode == 0
    assert "skipped: notes/empty.txt: " in done.stderr
    assert cli.ingest(notes, "--quiet").stderr == ""


def test_files_of_types_that_are_not_read_take_one_line(cli: Cli, notes: Path) -> None:
    (notes / "drawing.dwg").write_text("{}")
    alone = cli.ingest(notes)
    assert alone.returncode == 0
    assert re.search(r"^left out: notes/drawing\.dwg; .*\.pdf, ", alone.stderr, re.MULTILINE)
    (notes / "picture.GIF").write_bytes(b"GIF89a")
    (notes / "other.gif").write_bytes(b"GIF89a")
    (notes / "Makefile").touch()
    several = cli.ingest(notes)
    assert "left out: 4 files (2 .gif, 1 without an ending, 1 .dwg); " in several.stderr
    assert "skipped:" not in several.stderr
    assert cli.ingest(notes, "--quiet").stderr == ""


def test_a_folder_without_files_says_so(cli: Cli) -> None:
    (cli.folder / "empty").mkdir()
    done = cli.ingest("empty")
    assert done.returncode == 0
    assert done.stderr.startswith("No files there. ")


def test_a_file_over_the_limit_names_a_way_that_works(cli: Cli, notes: Path) -> None:
    small = ("--set", "max_file_mb=0.00001")
    refused = cli.ingest(notes, *small)
    assert refused.returncode == 3
    assert "--set max_file_mb=N" in refused.stderr
    assert cli.ingest(notes, *small, "--set", "max_file_mb=1").returncode == 0


@pytest.mark.parametrize("path", ["absent.pdf", "absent/*.pdf"])
def test_a_missing_path_stops_before_anything_is_done(cli: Cli, notes: Path, path: str) -> None:
    done = cli.ingest(notes, path)
    assert done.returncode == 2
    assert one_sentence(done.stderr)
    assert path in done.stderr
    assert not (cli.folder / "home").exists()


def test_a_report_that_cannot_be_written_stops_before_anything_is_done(
    cli: Cli, notes: Path
) -> None:
    done = cli.ingest(notes, "--report", "absent/report.json")
    assert done.returncode == 2
    assert one_sentence(done.stderr)
    assert not (cli.folder / "home").exists()


def test_a_report_that_cannot_be_written_after_all_takes_nothing_else(
    cli: Cli, notes: Path
) -> None:
    done = cli.ingest(notes, "--report", "/dev/full", "--json")
    assert done.returncode == 1
    assert set(states(json.loads(done.stdout)).values()) == {"added"}
    assert done.stderr.startswith("ingest: No space left on device")


def test_an_encrypted_file_with_and_without_its_password(cli: Cli) -> None:
    writer = PdfWriter(clone_from=PdfReader(SAMPLES / "warranty-and-returns.pdf"))
    writer.encrypt("open sesame", algorithm="RC4-128")
    writer.write(cli.folder / "locked.pdf")
    without = cli.ingest("locked.pdf")
    assert without.returncode == 3
    assert "password" in without.stderr
    wrong = cli.ingest("locked.pdf", "--password", "open barley")
    assert wrong.returncode == 3
    assert "barley" not in wrong.stderr
    right = cli.ingest("locked.pdf", variables={"RAG_PDF_PASSWORD": "open sesame"})
    assert right.returncode == 0, right.stderr


def test_another_model_or_chunking_than_the_collection_s(cli: Cli, notes: Path) -> None:
    assert cli.ingest(notes, "--chunk-tokens", 64, "--chunk-overlap", 8).returncode == 0
    (notes / "more.txt").write_text("Coffee is brewed at ninety degrees.")
    assert cli.json("collections", "show")["chunking"]["size"] == 64
    chunking = cli.ingest(notes, "--chunk-tokens", 32)
    assert chunking.returncode == 2
    assert "64" in chunking.stderr
    assert "32" in chunking.stderr
    model = cli.ingest(
        notes,
        "--embedding",
        "openai:text-embedding-3-small",
        variables={"OPENAI_API_KEY": "k", "RAG_EMBEDDING_BASE_URL": "http://127.0.0.1:9/v1"},
    )
    assert model.returncode == 1
    assert "minilm" in model.stderr
    assert "openai:text-embedding-3-small" in model.stderr
    assert cli.ingest(notes).returncode == 0


INGEST_WITH_MANY_LINES = """
import rag_app.cli.progress
from rag_app.cli import ingest_main as main

rag_app.cli.progress.EVERY_S = 0.0
main()
"""


def test_ctrl_c_keeps_what_was_finished(cli: Cli) -> None:
    """The interrupted run and the next one make one whole collection."""
    folder = cli.folder / "many"
    folder.mkdir()
    for i in range(24):
        facts = (f"Fact {j} of file {i} is that {i * j} is a number. " for j in range(40))
        (folder / f"{i:03}.txt").write_text("".join(facts))
    process = cli.start("-c", INGEST_WITH_MANY_LINES, folder)
    assert process.stderr is not None
    said = []
    while not re.search(r"files, [1-9]\d* of", (said or [""])[-1]):
        said.append(process.stderr.readline())
        assert said[-1], said
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    assert "What was finished is kept" in rest
    assert "Traceback" not in rest

    before = cli.json("collections", "list")[0]["documents"]
    assert 0 < before < 24
    again = cli.ingest(folder, "--json")
    found = list(states(json.loads(again.stdout)).values())
    assert found.count("unchanged") == before
    assert found.count("added") == 24 - before
    assert cli.json("doctor")["problems"] == 0


def in_a_terminal(cli: Cli, *arguments: object) -> tuple[int, str]:
    """Runs ``ingest`` with standard error on a terminal; gives status and what it showed."""
    process_id, terminal = pty.fork()
    if process_id == 0:
        os.chdir(cli.folder)
        command = [sys.executable, "-m", "ingest", *map(str, arguments)]
        os.execve(command[0], command, environment(cli.folder, TERM="xterm"))
    shown = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1]), shown.decode()


def test_a_terminal_gets_a_bar(cli: Cli, notes: Path) -> None:
    status, shown = in_a_terminal(cli, notes)
    assert status == 0, shown
    assert "2 of 2 files" in shown
    assert "passages/s" in shown
    assert "2  added" in shown


class TestProgress:
    def progress(self, **values: object) -> Progress:
        start = {"done": 0, "total": 10, "path": "/a/b.txt", "chunks_done": 0, "chunks_known": 0}
        return Progress(**{**start, "seconds": 0.0, "encoder_seconds": 0.0, **values})

    def test_nothing_is_claimed_before_there_is_something_to_go_by(self) -> None:
        assert seconds_left(self.progress()) is None
        assert described(self.progress()) == "0.0 passages/s"

    def test_rate_and_time_left(self) -> None:
        half = self.progress(
            done=1,
            parsed=5,
            unparsed=5,
            chunks_done=100,
            chunks_known=150,
            seconds=20.0,
            encoder_seconds=10.0,
        )
        assert described(half) == "10.0 passages/s, 20 s left"
        assert half.share == pytest.approx(1 / 3)
        assert self.progress(done=1, chunks_known=150, unparsed=5).share == 0.1
        assert self.progress(done=10).share == 1.0
        full = self.progress(done=10, chunks_done=100, chunks_known=100, encoder_seconds=10.0)
        assert seconds_left(full) == 0

    def test_durations(self) -> None:
        assert [duration(s) for s in (5, 150, 7500)] == ["5 s", "2 min", "2 h 5 min"]

    def test_lines_come_now_and_then(self, capsys: pytest.CaptureFixture[str]) -> None:
        now = self.progress(done=1, chunks_done=3, chunks_known=9, encoder_seconds=1.0)
        with ProgressLine(0.0) as show:
            show(now)
        assert "1 of 10 files, 3 of 9 passages, 3.0 passages/s" in capsys.readouterr().err
        for silent in (ProgressLine(60.0), ProgressLine()):
            with silent as show:
                show(now)
        assert capsys.readouterr().err == ""


REMOTE = '''
"""A model that says it sends text away, and notes down whatever it is given."""
from pathlib import Path
from langchain_core.embeddings import Embeddings

class Remote(Embeddings):
    max_tokens = 512
    destination = "vectors.example"
    def embed_documents(self, texts):
        with Path("sent.txt").open("a") as log:
            log.writelines(text + "\\n" for text in texts)
        return [[1.0, 2.0] for _ in texts]
    def embed_query(self, text):
        return [1.0, 2.0]

def remote():
    return Remote()
'''


def test_a_new_collection_of_a_hosted_model_asks_before_anything_is_sent(
    cli: Cli, notes: Path
) -> None:
    (cli.folder / "own_model.py").write_text(REMOTE)
    (notes / "picture.gif").write_bytes(b"GIF89a")
    model = ("--embedding", "python:own_model:remote")
    refused = cli.ingest(notes, *model)
    assert refused.returncode == 2
    assert "The text of 2 files will be sent to vectors.example." in refused.stderr
    assert re.search(r"would read about \d+ tokens", refused.stderr)
    assert "--yes" in refused.stderr
    sent = cli.folder / "sent.txt"
    assert not sent.exists() or "kettle" not in sent.read_text()
    assert cli.json("collections", "list") == []

    agreed = cli.ingest(notes, *model, "--yes")
    assert agreed.returncode == 0, agreed.stderr
    assert "kettle" in sent.read_text()
    # A collection that is there was agreed to when it was made.
    (notes / "more.txt").write_text("A teapot holds one litre.")
    again = cli.ingest(notes / "more.txt", *model)
    assert (again.returncode, "will be sent" in again.stderr) == (0, False)
