"""``ingest`` in a process of its own: states, reports, exit statuses, interruptions."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from cli_samples import SAMPLES, Cli, one_sentence

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


def test_a_report_that_cannot_be_written_is_told_before_any_work(cli: Cli, notes: Path) -> None:
    done = cli.ingest(notes, "--report", "none/report.json")
    assert done.returncode == 2
    assert one_sentence(done.stderr)
    assert "The report cannot be written to none/report.json" in done.stderr
    assert cli.rag("collections", "show", "default").returncode != 0
