"""Interruptions at any moment: what is finished stays, the next run ends where this one would.

Killed processes: test_ingest_kill.py.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from embeddings_samples import settings_in

from ingest import ingest_paths
from ingest.interrupt import deferred
from rag_app.store import Store

FILES = 12


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    for number in range(FILES):
        lines = [f"Pump {number} was tested on day {day} of the year." for day in range(60)]
        (folder / f"{number:02d}.txt").write_text("\n\n".join(lines))
    return folder


def contents(settings):
    with Store(settings) as store:
        assert store.check() == []
        collection = store.get("default")
        return {
            record.sources: tuple(collection.chunks(record.id)) for record in collection.documents()
        }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, docs):
    settings = settings_in(tmp_path_factory.mktemp("undisturbed"))
    ingest_paths([docs], settings)
    return contents(settings)


def test_cancelled_after_some_files(tmp_path, docs, undisturbed, monkeypatch):
    monkeypatch.setattr("ingest.embed._STORED_TOGETHER", 1)
    monkeypatch.setattr("ingest.window.SLICE", 4)
    settings = settings_in(tmp_path / "rag")
    seen = []
    report = ingest_paths(
        [docs], settings, progress=seen.append, cancelled=lambda: bool(seen and seen[-1].done >= 3)
    )
    assert report.interrupted
    assert 3 <= len(report.outcomes) < FILES
    stored = contents(settings)
    assert {sources[0] for sources in stored} == {outcome.path for outcome in report.outcomes}
    assert all(undisturbed[sources] == chunks for sources, chunks in stored.items())
    again = ingest_paths([docs], settings)
    assert again.states == {"added": FILES - len(stored), "unchanged": len(stored)}
    assert contents(settings) == undisturbed


def test_cancelled_from_the_start(tmp_path, docs):
    settings = settings_in(tmp_path / "rag")
    report = ingest_paths([docs], settings, cancelled=lambda: True)
    assert report.interrupted
    assert report.outcomes == ()
    with Store(settings) as store:
        assert not store.exists("default")


def test_the_first_ctrl_c_is_noted_and_the_second_interrupts():
    with deferred() as pressed:
        signal.raise_signal(signal.SIGINT)
        assert pressed()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


_INGEST = """
import sys
from pathlib import Path
import ingest.embed, ingest.window
from ingest import ingest_paths
from rag_app.settings import load_settings
ingest.embed._STORED_TOGETHER, ingest.window.SLICE = 1, 4
home, cache, docs = map(Path, sys.argv[1:])
settings = load_settings({"home": home, "cache": cache}, environ={})
report = ingest_paths([docs], settings, progress=lambda p: print(p.done, p.chunks_done, flush=True))
print("interrupted" if report.interrupted else "whole", flush=True)
"""


def start(settings, docs):
    return subprocess.Popen(
        [sys.executable, "-c", _INGEST, str(settings.home), str(settings.cache), str(docs)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )


def test_ctrl_c_stores_what_is_complete(tmp_path, docs, undisturbed):
    settings = settings_in(tmp_path / "rag")
    with start(settings, docs) as process:
        for _ in range(5):
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read().splitlines()
    assert process.returncode == 0
    assert rest[-1] == "interrupted"
    stored = contents(settings)
    assert 0 < len(stored) < FILES
    assert all(undisturbed[sources] == chunks for sources, chunks in stored.items())
