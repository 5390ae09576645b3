"""What is told of each file: reports, what is kept, rehearsals, stages, the check at the end."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from cli_samples import Cli, one_sentence
from embeddings_samples import settings_in
from ingest_samples import simple_pdf

from ingest import ingest_paths
from ingest.history import kept_text, last_outcomes, report_of_collection
from ingest.kept import drop, failed_paths, left_out
from ingest.rehearse import rehearse
from ingest.report import IngestReport
from ingest.report_file import csv_of, write_report
from ingest.stages import stages_of
from rag_app.cli.ingest_report import say_report
from rag_app.store import Store
from rag_app.types import FileOutcome

TEXT = "The Heron pump lifts 55 litres a minute.\n"


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path / "rag")


@pytest.fixture
def docs(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "pump.md").write_text(f"# Pump\n\n{TEXT}")
    (folder / "same.md").write_text(f"# Pump\n\n{TEXT}")
    simple_pdf(folder / "terms.pdf", "The warranty lasts 36 months.", "Claims go to the office.")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    (folder / "dots.txt").write_text("--- ... ---")
    return folder


def states(report):
    return {Path(outcome.path).name: outcome.state for outcome in report.outcomes}


STATES = {
    "broken.pdf": "failed",
    "dots.txt": "skipped",
    "pump.md": "added",
    "same.md": "duplicate",
    "terms.pdf": "added",
}


def test_a_rehearsal_says_what_a_run_does_and_stores_nothing(settings, docs):
    stopped = rehearse([docs], settings, cancelled=lambda: True)
    assert (stopped.interrupted, stopped.outcomes) == (True, ())
    told = rehearse([docs], settings)
    assert states(told) == STATES
    assert told.to_json()["dry_run"] is True
    with Store(settings) as store:
        assert not store.exists("default")
    assert left_out(settings, "default") == []
    done = ingest_paths([docs], settings)
    assert states(done) == STATES
    assert {one.path: (one.reason, one.pages) for one in done.outcomes} == {
        one.path: (one.reason, one.pages) for one in told.outcomes
    }
    (docs / "pump.md").write_text("Another text.")
    (docs / "copy.pdf").write_bytes((docs / "terms.pdf").read_bytes())
    (docs / "same.md").unlink()
    told = rehearse([docs], settings, sync=True)
    assert states(told) == {
        **STATES,
        "pump.md": "updated",
        "same.md": "forgotten",
        "copy.pdf": "duplicate",
        "terms.pdf": "unchanged",
    }


def test_the_report_in_all_its_forms(settings, docs, tmp_path):
    report = ingest_paths([docs], settings)
    told = report.to_json()
    assert told["problems"] == []
    assert set(told["totals"]["stages"]) == {"load", "clean", "cut", "embed", "store"}
    assert told["totals"]["stages"]["store"] > 0
    by_name = {Path(one["path"]).name: one for one in told["files"]}
    assert len(by_name) == len(told["files"]) == 5
    assert by_name["terms.pdf"]["pages"] == 2
    assert by_name["terms.pdf"]["stages"]["load"] > 0
    for one in told["files"]:
        assert (one["chunks"] > 0) == (one["state"] in {"added", "duplicate"})
        assert bool(one["reason"]) == (one["state"] != "added")
    write_report(report, tmp_path / "out.CSV")
    with (tmp_path / "out.CSV").open(encoding="utf-8-sig", newline="") as file:
        rows = {Path(row["path"]).name: row for row in csv.DictReader(file)}
    assert rows.keys() == by_name.keys()
    assert rows["terms.pdf"]["chunks"] == str(by_name["terms.pdf"]["chunks"])
    assert float(rows["terms.pdf"]["load_seconds"]) > 0
    assert float(rows["terms.pdf"]["store_seconds"]) >= 0
    write_report(report, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == json.loads(json.dumps(told))
    # A spreadsheet would compute a name like this one.
    assert "'=1+1.txt" in csv_of(IngestReport((FileOutcome("=1+1.txt", "added"),), "default", 0.0))


GERMAN = (
    "Die Pumpe ist auf dem Dach und wird von der Firma einmal im Jahr geprüft, denn sie ist nicht "
    "neu. Der Filter muss alle zwei Wochen gereinigt werden, und das Wasser darf nicht warm sein.\n"
)
ENGLISH = "The pump is on the roof, and it is checked by the company once a year, for it is old.\n"


@pytest.fixture
def mixed(tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "pumpe.txt").write_text(GERMAN)
    (folder / "kopie.txt").write_text(GERMAN)
    (folder / "pump.txt").write_text(ENGLISH)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    return folder


LANGUAGES = {"kopie.txt": "de", "pumpe.txt": "de", "pump.txt": "en", "broken.pdf": ""}


def test_languages_are_told_and_one_that_the_model_does_not_cover(settings, mixed, capsys):
    told = {Path(one.path).name: one.language for one in rehearse([mixed], settings).outcomes}
    assert told == LANGUAGES
    report = ingest_paths([mixed], settings)
    by_name = {Path(one.path).name: one for one in report.outcomes}
    assert {name: one.language for name, one in by_name.items()} == LANGUAGES
    with Store(settings) as store:
        collection = store.get("default")
        assert {record.language for record in collection.documents()} == {"de", "en"}
        spec = collection.info.embedding.spec
    german = next(one for one in by_name.values() if one.state == "added" and one.language == "de")
    assert german.notice == (f"It is in German, which the embedding model {spec} was not made for.")
    assert by_name["pump.txt"].notice == ""
    assert report.to_json()["totals"]["languages"] == {"de": 1, "en": 1}
    (notice,) = report.to_json()["notices"]
    assert notice.startswith("1 document is in German, which the embedding model was not made for")
    assert "pumpe.txt" in csv_of(report)
    assert ',de,"It is in German' in csv_of(report)
    say_report(report, quiet=False)
    shown = capsys.readouterr().err
    assert shown.count(notice) == 1
    assert "Languages: 1 in German, 1 in English." in shown
    again = ingest_paths([mixed], settings)
    assert {Path(one.path).name: one.language for one in again.outcomes} == LANGUAGES
    assert again.notices == ()


def test_the_report_of_a_collection_is_kept(settings, mixed):
    first = {one.path: one for one in ingest_paths([mixed], settings).outcomes}
    ingest_paths([mixed], settings)  # nothing is read, and nothing of the reading is lost
    with Store(settings) as store:
        told = {one.path: one for one in report_of_collection(store, settings, "default").outcomes}
        assert told.keys() == first.keys()
        for path, one in told.items():
            assert (one.state, one.language) == (first[path].state, first[path].language)
        pump = str(mixed / "pump.txt")
        assert told[pump].to_json() == first[pump].to_json()
        assert set(told[pump].stages) == {"load", "clean", "cut", "embed", "store"}
        (mixed / "broken.pdf").unlink()
        (mixed / "pump.txt").unlink()
        ingest_paths([mixed], settings, sync=True)
        drop(settings, "default", [str(mixed / "broken.pdf")])
        left = report_of_collection(store, settings, "default")
        assert sorted(left.states) == ["added", "duplicate"]
        assert left.to_json()["totals"]["languages"] == {"de": 1}
        store.rename("default", "other")
        assert report_of_collection(store, settings, "other").outcomes == left.outcomes
        assert report_of_collection(store, settings, "absent").outcomes == ()


def test_what_reading_told_goes_along_to_another_index(settings, mixed):
    ingest_paths([mixed], settings)
    ingest_paths([mixed], settings, collection="other")
    with Store(settings) as store:
        records = store.get("default").documents()
        with store.get("default").writer(0) as writer:
            outcome = FileOutcome("/old", "added", "/old lacks a page.", ocr_pages=7, notice="No.")
            writer.keep_readings({one.id: kept_text(outcome, "another") for one in records})
        with store.get("other").writer(0) as writer:
            writer.copy_readings(store.get("default").key, [records[0].id])
        told = last_outcomes(store, "other", records)
        # Of another model than the collection's: what only that one's tokens and words tell goes.
        moved = told.pop(records[0].id)
        assert (moved.ocr_pages, moved.notice, moved.chunks) == (7, "", records[0].chunks)
        assert moved.reason == f"{records[0].source} lacks a page."
        assert [one.ocr_pages for one in told.values()] == [0]


def test_what_failed_is_kept_until_it_is_in(settings, docs):
    ingest_paths([docs], settings)
    kept = {Path(one.path).name: one for one in left_out(settings, "default")}
    assert {name: one.state for name, one in kept.items()} == {
        "broken.pdf": "failed",
        "dots.txt": "skipped",
    }
    assert "broken or cut off" in kept["broken.pdf"].reason
    ingest_paths([docs / "pump.md"], settings)
    assert failed_paths(settings, "default") == ([str(docs / "broken.pdf")], [])
    with Store(settings) as store:
        store.rename("default", "other")
    assert len(left_out(settings, "other")) == 2
    simple_pdf(docs / "broken.pdf", "A sound file now.")
    report = ingest_paths(failed_paths(settings, "other")[0], settings, collection="other")
    assert states(report) == {"broken.pdf": "added"}
    assert [one.state for one in left_out(settings, "other")] == ["skipped"]
    with Store(settings) as store:
        store.delete("other")
    assert left_out(settings, "other") == []


def test_a_file_that_a_fault_of_ours_passes_over_is_told(settings, docs, monkeypatch):
    monkeypatch.setattr("ingest.pool.Readers.turns", lambda _self, _tasks: iter(()))
    told = {Path(one.path).name: one for one in ingest_paths([docs], settings).outcomes}
    assert told.keys() == STATES.keys()
    assert told["pump.md"].state == "failed"
    assert "passed over" in told["pump.md"].reason


def test_retry_failed_on_the_command_line(tmp_path, docs):
    cli = Cli(tmp_path)
    assert "No file of 'default' is known" in cli.ingest("--retry-failed").stderr
    first = cli.ingest(docs, "--report", "first.csv")
    assert first.returncode == 3
    assert (tmp_path / "first.csv").read_text("utf-8-sig").startswith("path,state,reason")
    simple_pdf(docs / "broken.pdf", "A sound file now.")
    again = cli.ingest("--retry-failed", "--json")
    assert again.returncode == 0, again.stderr
    assert [one["state"] for one in json.loads(again.stdout)["files"]] == ["added"]


def test_every_stage_of_one_file(tmp_path, settings, docs):
    stages = stages_of(docs / "terms.pdf", settings)
    told = stages.to_json()
    assert told["by_content"] == "application/pdf"
    assert told["loader"] == "ingest.load.pdf"
    assert [page["number"] for page in told["pages"]] == [1, 2]
    assert "36 months" in told["pages"][0]["raw"]
    assert "36 months" in told["chunks"][0]["text"]
    assert told["chunks"][0]["tokens"] > 3
    cli = Cli(tmp_path)
    shown = cli.ingest("--explain", docs / "pump.md")
    assert shown.returncode == 0, shown.stderr
    for word in ("text/markdown", "ingest.load.markdown", "level 1: Pump", "tokens", "Heron"):
        assert word in shown.stdout
    refused = cli.ingest("--explain", docs / "broken.pdf")
    assert refused.returncode == 1
    assert "broken or cut off" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["docs"], "is a folder"),
        (["docs/absent.pdf"], "There is no file"),
        (["docs/pump.md", "docs/same.md"], "one file at a time"),
    ],
)
def test_what_cannot_be_explained(tmp_path, docs, arguments, said):
    refused = Cli(tmp_path).ingest("--explain", *arguments)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert one_sentence(refused.stderr)


def test_odd_files_each_get_their_outcome(settings, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    os.mkfifo(folder / "pipe.txt")
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "self").symlink_to(folder)
    (folder / ("n" * 251 + ".txt")).write_text(TEXT)
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff.txt")).write_text(TEXT)
    (folder / "device.txt").symlink_to("/dev/zero")
    (folder / "gone.md").write_text("It goes.")
    (folder / "grows.md").write_text("It grows. " * 9)

    def meddle(_progress):
        (folder / "gone.md").unlink(missing_ok=True)
        if (folder / "grows.md").stat().st_size < 100:
            with (folder / "grows.md").open("a") as file:
                file.write("More of it. " * 9)

    report = ingest_paths([folder, folder, folder / "grows.md"], settings, progress=meddle)
    reasons = {Path(one.path).name: one.reason for one in report.outcomes if one.state == "failed"}
    assert len(report.outcomes) == len({one.path for one in report.outcomes}) == 7
    assert reasons.keys() == {"pipe.txt", "loop.txt", "bad\\xff.txt", "device.txt", "gone.md"}
    assert "pipe or socket" in reasons["pipe.txt"]
    assert "link to itself" in reasons["loop.txt"]
    assert "not valid UTF-8" in reasons["bad\\xff.txt"]
    assert "There is no file" in reasons["gone.md"]
    assert states(report)["grows.md"] == "added"
    assert report.problems == ()


_LOOK = """
import os, sys
from ingest.files import select
from ingest.load import LoadOptions
from ingest.plan import fingerprints
import ingest.load.text
if os.geteuid() == 0:
    os.setuid(65534)
selection = select(sys.argv[1:])
digests, refused = fingerprints(selection.files, LoadOptions(), lambda: False)
print(*sorted(path.name for path in digests))
for one in sorted([*selection.failed, *refused], key=lambda one: one.path):
    print(one.state, one.reason)
"""


def test_what_may_not_be_read_is_told_and_the_rest_is_read():
    with tempfile.TemporaryDirectory() as name:  # one that another user can enter
        folder = Path(name)
        (folder / "locked").mkdir()
        for file in ("good.txt", "secret.txt", "locked/hidden.txt"):
            (folder / file).write_text(TEXT)
        folder.chmod(0o755)
        (folder / "secret.txt").chmod(0)
        (folder / "locked").chmod(0)
        try:
            done = subprocess.run(
                [sys.executable, "-c", _LOOK, name, f"{name}/locked"],
                capture_output=True,
                text=True,
                check=True,
                cwd=Path(__file__).parents[1],
            )
        finally:
            (folder / "locked").chmod(0o755)
    read, *refused = done.stdout.splitlines()
    assert read == "good.txt"
    assert refused == [
        f"failed Permission to read {folder / file} is missing. "
        "Change its permissions (chmod u+rX)."
        for file in ("locked", "secret.txt")
    ]


def damage(settings, statement):
    with closing(sqlite3.connect(settings.home / "catalog.sqlite3")) as connection, connection:
        return connection.execute(statement).fetchall()


def test_the_check_at_the_end_and_the_repair(docs, tmp_path):
    settings = settings_in(tmp_path).override(home=tmp_path / "home")
    ingest_paths([docs], settings)
    damage(settings, "DELETE FROM keywords_1 WHERE rowid = (SELECT min(key) FROM chunks)")
    damage(settings, "INSERT INTO keywords_1 (rowid, body) VALUES (999999, 'stray')")
    (docs / "pump.md").write_text("Another text about herons.")
    names = damage(settings, "SELECT name FROM indexes")
    report = ingest_paths([docs], settings)
    assert any("missing from the keyword index" in problem for problem in report.problems)
    with Store(settings) as store:
        assert len(store.check("default")) == 2
        store._index.remove(names[0][0], store.get("default").chunk_ids()[:1])
        assert len(store.check("default")) == 3
    done = Cli(tmp_path).rag("doctor", "--repair")
    assert done.returncode == 0, done.stdout
    assert "3 differences mended" in done.stderr
    assert "catalog and indexes agree" in done.stdout
    with Store(settings) as store:
        collection = store.get("default")
        assert len(collection.search_keywords("warranty", 5)) == 1
        assert collection.search_keywords("stray", 5) == []
