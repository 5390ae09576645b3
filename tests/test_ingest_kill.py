"""SIGKILL at any moment, a full disk, a server that goes: the next run ends where this one would.

The short form is in every run of the tests; ``make stress`` has 300 documents and 100 kills.
"""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
import sys
import time

import pytest
from chroma_server import chroma_server, free_port
from embeddings_samples import settings_in
from kill_samples import contents, problems, start, write_documents

from ingest import ingest_paths

SEED = 20261121
STEPS = (1, 8, 64, 256)
"""Passages that are stored together: many transactions in a run, or one or two."""

SMALL = 400_000
"""Bytes of a file at which the disk is full: some of the documents are in by then."""


class Undisturbed:
    """Documents, and what a run that nobody disturbs makes of them."""

    def __init__(self, folder, count):
        self.docs = write_documents(folder / "docs", count)
        settings = settings_in(folder)
        report = ingest_paths([self.docs], settings)
        self.contents = contents(settings)
        self.steps = count + sum(len(chunks) for _, chunks, _ in self.contents.values())
        assert report.states == {"added": count}
        assert len(self.contents) == count


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    made = {}

    def of(count):
        if count not in made:
            made[count] = Undisturbed(tmp_path_factory.mktemp("undisturbed"), count)
        return made[count]

    return of


def read_until(process, steps):
    """The files told to be stored until a run has come so far, or to its end."""
    told, at = set(), -1
    while at < steps and (line := process.stdout.readline()):
        number, _, path = line.rstrip("\n").partition(" ")
        if number.isdecimal():
            at = int(number)
            told.add(path)
    return told - {""}


def kill_at(settings, expected, chance):
    """A run that is killed at a random point: while it starts, embeds, stores, or ends."""
    process = start(settings, expected.docs, chance.choice(STEPS))
    steps = chance.randint(0, expected.steps)
    told = read_until(process, steps)
    time.sleep(chance.uniform(0, 0.1 if steps else 2.0))
    process.kill()
    told |= read_until(process, sys.maxsize)
    process.wait()
    process.stdout.close()
    stored = contents(settings)
    assert stored.items() <= expected.contents.items(), "what is there is not whole"
    assert told <= stored.keys(), "a file was told to be in, and was not"
    return len(stored)


def go_on(settings, expected):
    """The run after one that came to no good: it does what is left, and no more."""
    before = contents(settings)
    assert before.items() <= expected.contents.items()
    report = ingest_paths([expected.docs], settings)
    left = expected.contents.keys() - before.keys()
    assert {one.path for one in report.outcomes if one.state == "added"} == left
    assert {one.path for one in report.outcomes if one.state == "unchanged"} == before.keys()
    assert contents(settings) == expected.contents
    assert report.problems == ()
    assert problems(settings) == []


@pytest.mark.parametrize(
    ("documents", "runs", "kills"),
    [
        (48, 1, 3),
        pytest.param(300, 100, 1, marks=[pytest.mark.stress, pytest.mark.timeout(0)]),
    ],
)
def test_killed_at_random_points_and_run_again(tmp_path, undisturbed, documents, runs, kills):
    expected, chance = undisturbed(documents), random.Random(SEED)
    stored = []
    for number in range(runs):
        settings = settings_in(tmp_path / f"{number}")
        stored += [kill_at(settings, expected, chance) for _ in range(kills)]
        go_on(settings, expected)
        shutil.rmtree(tmp_path / f"{number}")
    print(f"files stored when killed: {sorted(stored)}")  # noqa: T201 - what a long run is worth


def test_a_disk_that_is_full_and_has_room_again(tmp_path, undisturbed):
    expected, settings = undisturbed(48), settings_in(tmp_path)
    with start(settings, expected.docs, 8, stderr=subprocess.PIPE) as process:
        read_until(process, expected.steps // 2)
        # No file may grow beyond this; to a process that is the same as a full disk.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (SMALL, SMALL))
        said, errors = process.stdout.read().splitlines(), process.stderr.read()
    assert said[-1].startswith("stopped: ")
    assert f"{settings.home}" in said[-1]
    assert "it may be full" in said[-1]
    assert "Traceback" not in errors
    go_on(settings, expected)


@pytest.mark.chroma_server
def test_a_server_that_is_stopped_and_started_again(tmp_path, undisturbed):
    expected, port = undisturbed(48), free_port()
    with chroma_server(tmp_path / "server", port) as url:
        settings = settings_in(tmp_path, chroma_url=url)
        process = start(settings, expected.docs, 8)
        read_until(process, expected.steps // 2)
    with process:
        said = process.stdout.read().splitlines()
    assert said[-1].startswith("stopped: ")
    assert "cannot be reached" in said[-1]
    with chroma_server(tmp_path / "server", port):
        go_on(settings, expected)
