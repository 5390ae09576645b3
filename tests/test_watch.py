"""``ingest --watch``: a real process that follows a folder, asked with deadlines.

``make stress`` has a long run of random changes beside, with kills.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, Queue

import pytest
from cli_samples import environment
from embeddings_samples import settings_in
from format_samples import zipped

from ingest import pending, watch
from ingest.pending import Pending
from ingest.watch import Watcher
from rag_app.errors import RagError, UsageError
from rag_app.store import Store

DEADLINE_S = 60.0


class Watching:
    """The process, and what its rounds said of each file."""

    def __init__(self, folder: Path, *paths: Path) -> None:
        self._lines: Queue[str] = Queue()
        self.said: dict[str, list[str]] = {}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ingest", "--watch", "--json", *map(str, paths)],
            env=environment(folder),
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.errors: list[str] = []
        self._threads = [
            threading.Thread(target=one, daemon=True) for one in (self._read, self._read_errors)
        ]
        for one in self._threads:
            one.start()

    def _read(self) -> None:
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line)

    def _read_errors(self) -> None:
        with self.process.stderr as lines:
            for line in lines:
                self.errors.append(line)

    def wait_for(self, **wanted: str) -> None:
        """Until each file has come to its state; ``_`` in a name stands for a dot."""
        left = {name.replace("__", "/").replace("_", "."): state for name, state in wanted.items()}
        until = time.monotonic() + DEADLINE_S
        while left:
            assert time.monotonic() < until, (left, self.said, self.errors)
            try:
                round_ = json.loads(self._lines.get(timeout=0.1))
            except Empty:
                assert self.process.poll() is None, self.errors
                continue
            for one in round_["files"]:
                name = one["path"].partition("/docs/")[2]
                self.said.setdefault(name, []).append(one["state"])
                if left.get(name) == one["state"]:
                    del left[name]

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(DEADLINE_S)

    def clear_away(self) -> None:
        self.process.kill()
        self.process.wait()
        for one in self._threads:
            one.join()


@pytest.fixture
def started(tmp_path):
    running = []

    def start(*paths: Path) -> Watching:
        running.append(Watching(tmp_path, *paths))
        return running[-1]

    yield start
    for one in running:
        one.clear_away()


def test_a_folder_is_followed_and_a_restart_goes_on(tmp_path, started):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "first.md").write_text("The pump lifts 55 litres.")
    (docs / "gone.md").write_text("The pike eats fish.")
    (docs / ".ragignore").write_text("*.log\n")
    watching = started(docs)
    watching.wait_for(first_md="added", gone_md="added")
    (docs / "new.md").write_text("Roses want sun.")
    (docs / "new.log").write_text("left out")
    (docs / ".hidden.md").write_text("left out")
    (docs / "box.zip").write_bytes(zipped({"in.md": "A lake is deep."}))
    (docs / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    (docs / "first.md").write_text("The pump lifts 66 litres.")
    (docs / "gone.md").unlink()
    # A folder that is moved in counts with all that is in it, and one that goes as well.
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "deep.md").write_text("Oak and ash.")
    (tmp_path / "more").rename(docs / "more")
    watching.wait_for(
        new_md="added",
        box_zip__in_md="added",
        broken_pdf="failed",
        first_md="updated",
        gone_md="forgotten",
        more__deep_md="added",
    )
    (docs / "new.md").rename(docs / "moved.md")
    shutil.rmtree(docs / "more")
    (docs / "box.zip").unlink()
    watching.wait_for(
        new_md="forgotten",
        moved_md="duplicate",
        more__deep_md="forgotten",
        box_zip__in_md="forgotten",
    )
    assert watching.end() == 0
    assert not {"new.log", ".hidden.md", ".ragignore"} & set(watching.said)

    (docs / "first.md").unlink()
    (docs / "while.md").write_text("Written while nobody watched.")
    again = started(docs)
    again.wait_for(first_md="forgotten", while_md="added", moved_md="unchanged")
    # A folder that is not there, as of a drive that is not mounted, is waited for.
    docs.rename(tmp_path / "away")
    until = time.monotonic() + DEADLINE_S
    while not any("is not there" in line for line in again.errors):
        assert time.monotonic() < until, again.errors
        time.sleep(0.05)
    (tmp_path / "away" / "back.md").write_text("It is back.")
    (tmp_path / "away").rename(docs)
    again.wait_for(back_md="added", while_md="unchanged")
    assert "forgotten" not in again.said["while.md"] + again.said["moved.md"]
    assert again.end() == 0


def test_a_name_that_is_no_text_does_not_end_it(tmp_path, started):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "first.md").write_text("The pump lifts 55 litres.")
    watching = started(docs)
    watching.wait_for(first_md="added")
    Path(os.fsdecode(os.fsencode(docs) + b"/odd\xff.md")).write_text("Nobody can cite this name.")
    (docs / "second.md").write_text("Roses want sun.")
    watching.wait_for(second_md="added")
    (docs / "third.md").write_text("Oak and ash.")
    watching.wait_for(third_md="added")
    assert watching.said["odd\\xff.md"][0] == "failed"
    assert sum("could not be told" in line for line in watching.errors) == 1
    assert watching.end() == 0


SEED = 20261122


def change(docs: Path, chance: random.Random, number: int) -> None:
    """Adds, changes, renames, moves or deletes something."""
    files = sorted(path for path in docs.rglob("*.md") if path.name != "stays.md")
    folders = [docs, *sorted(path for path in docs.rglob("*") if path.is_dir())]
    where = chance.choice(folders) / f"{number}"
    what = chance.choice(["add", "add", "change", "rename", "delete", "folder", "move", "drop"])
    text = f"Pump {chance.randrange(30)} lifts {chance.randrange(30)} litres."
    if what == "folder":
        where.mkdir()
        for each in range(3):
            (where / f"{each}.md").write_text(f"{text} Part {each}.")
    elif what == "move" and len(folders) > 1:
        chance.choice(folders[1:]).rename(docs / f"{number}")
    elif what == "drop" and len(folders) > 1:
        shutil.rmtree(chance.choice(folders[1:]))
    elif what in {"change", "rename", "delete"} and files:
        path = chance.choice(files)
        if what == "change":
            path.write_text(text)
        elif what == "rename":
            path.rename(where.with_suffix(".md"))
        else:
            path.unlink()
    else:
        where.with_suffix(".md").write_text(text)


@pytest.mark.stress
@pytest.mark.timeout(0)
def test_random_changes_end_where_the_folder_is(tmp_path, started):
    docs, chance, settings = tmp_path / "docs", random.Random(SEED), settings_in(tmp_path)
    docs.mkdir()
    (docs / "stays.md").write_text("A folder that is not empty.")
    watching = started(docs)
    for number in range(300):
        change(docs, chance, number)
        time.sleep(chance.choice([0, 0, 0.1, 2]))
        if number % 50 == 25:
            watching.clear_away()  # killed at whatever it was doing
            watching = started(docs)
    files = [path for path in docs.rglob("*") if path.is_file()]
    wanted = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    until = time.monotonic() + DEADLINE_S
    while (held := paths(settings)) != wanted:
        assert time.monotonic() < until, (held.items() ^ wanted.items(), watching.errors)
        time.sleep(0.5)
    assert watching.end() == 0
    with Store(settings) as store:
        assert store.check() == []


def paths(settings) -> dict[str, str]:
    with Store(settings) as store:
        return store.get("default").paths() if store.exists("default") else {}


def test_a_file_is_settled_when_it_has_stayed_the_same(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(pending.time, "monotonic", lambda: now[0])
    growing, whole, gone = tmp_path / "growing", tmp_path / "whole", tmp_path / "gone"
    growing.write_text("1")
    whole.write_text("1")
    waiting = Pending()
    waiting.note([growing, whole, gone])
    assert waiting.settled() == []
    now[0] += 0.6
    growing.write_text("12")
    assert waiting.settled() == []
    now[0] += 0.6
    assert waiting.settled() == [whole, gone]
    os.utime(growing, ns=(1, 1))
    assert waiting.settled() == []
    now[0] += 1.1
    assert waiting.settled() == [growing]
    assert len(waiting) == 0
    waiting.note([whole], later_s=60)
    now[0] += 2
    assert waiting.settled() == []
    now[0] += 60
    assert waiting.settled() == [whole]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dry-run", "."], "--dry-run does not go with --watch"),
        (["setup.md"], "no file or folder"),
    ],
)
def test_what_cannot_be_watched_is_wrong_usage(tmp_path, arguments, said):
    done = subprocess.run(
        [sys.executable, "-m", "ingest", "--watch", *arguments],
        env=environment(tmp_path),
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr


@pytest.fixture
def watcher(tmp_path):
    warned: list[str] = []
    (tmp_path / "docs").mkdir()
    made = Watcher(
        [tmp_path / "docs"],
        settings_in(tmp_path / "rag"),
        tell=lambda report: None,
        warn=warned.append,
        cancelled=lambda: False,
    )
    return made, tmp_path / "docs", warned


def test_a_round_that_fails_is_tried_again_later(watcher, monkeypatch):
    made, docs, warned = watcher
    (docs / "a.md").write_text("Roses.")

    def fail(*_arguments, **_options):
        raise RagError("The disk is full.")

    monkeypatch.setattr(watch, "ingest_paths", fail)
    made._round([docs / "a.md"])
    assert warned == ["The disk is full. Trying again in 60 seconds."]
    assert len(made._pending) == 1
    assert made._pending.settled() == []
    with pytest.raises(RagError, match="disk is full"):
        made._look_through(must_work=True)


def test_an_empty_folder_forgets_nothing(watcher, monkeypatch):
    made, docs, warned = watcher
    asked = []
    monkeypatch.setattr(watch, "ingest_paths", lambda paths, *_, **__: asked.append(paths))
    monkeypatch.setattr(made, "_known", lambda: {str(docs / "a.md")})
    made._look_through()
    assert asked == []
    assert "is empty, and there were documents in it" in warned[0]


def test_a_file_is_no_folder_to_watch(watcher):
    made, docs, _ = watcher
    docs.rmdir()
    with pytest.raises(UsageError, match="no folder"):
        made.run()
