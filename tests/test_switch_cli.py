"""``rag switch``, ``rag rollback`` and ``rag collections prune``, as processes of their own."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_samples import SAMPLES, Cli, environment, one_sentence

FLOAT = "minilm?precision=float32"

MODEL = '''
"""Models of a user's own: one that is slow, one that says it sends text away."""
import time, zlib
from langchain_core.embeddings import Embeddings

class Words(Embeddings):
    max_tokens = 512
    destination = None
    pause = 0.0
    def embed_documents(self, texts):
        time.sleep(self.pause * len(texts))
        return [self.embed_query(text) for text in texts]
    def embed_query(self, text):
        vector = [0.0] * 32
        for word in text.split():
            vector[zlib.crc32(word.encode()) % 32] += 1
        return vector

def slow():
    made = Words()
    made.pause = 0.05
    return made

def remote():
    made = Words()
    made.destination = "vectors.example"
    return made
'''


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of all tests here: they embed the same passages with the same models."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def cli(tmp_path: Path, cache: Path) -> Cli:
    """Two small documents, ingested."""
    (tmp_path / "cache").symlink_to(cache)
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("customer-faq.md", "holiday-rules.md"):
        source = SAMPLES / name
        if source.is_file():
            (docs / name).write_text(source.read_text())
    (docs / "more.txt").write_text(
        "\n\n".join(f"Room {n} has {n * 3} chairs, a lamp and a door." for n in range(90))
    )
    (tmp_path / "own_model.py").write_text(MODEL)
    made = Cli(tmp_path)
    done = made.ingest(docs)
    assert done.returncode == 0, done.stderr
    return made


def spec_of(cli: Cli) -> str:
    [info] = cli.json("collections", "list")
    return info["embedding"]["spec"]


def test_there_and_back_again(cli):
    built = cli.rag("switch", "default", "--to", FLOAT)
    assert built.returncode == 0
    assert "no questions are saved" in built.stderr
    assert f"rag switch default --to '{FLOAT}' --yes" in built.stderr
    assert spec_of(cli) == "minilm"
    assert f"next index: {FLOAT}" in cli.rag("collections", "show").stdout
    done = cli.rag("switch", "default", "--to", FLOAT, "--yes", "--json")
    told = json.loads(done.stdout)
    assert "Going on with the index" in done.stderr
    assert (told["from"], told["to"], told["changed_over"]) == ("minilm", FLOAT, True)
    shown = cli.json("collections", "show")
    assert told["passages"] == shown["chunks"] == shown["former"]["chunks"] > 3
    assert shown["next"] is None
    assert spec_of(cli) == FLOAT
    again = cli.rag("switch", "default", "--to", FLOAT)
    assert (again.returncode, "nothing to change" in again.stderr) == (0, True)
    (cli.folder / "docs" / "new.txt").write_text("The zebra sleeps in the library.")
    (cli.folder / "docs" / "more.txt").write_text("Room 5 was pulled down.")
    assert cli.ingest("docs").returncode == 0
    back = cli.rag("rollback", "default", "--json")
    assert json.loads(back.stdout)["since_the_switch"] == {
        "added": 1,
        "changed": 1,
        "moved": 0,
        "removed": 0,
    }
    assert "2 files: 1 added, 1 changed" in back.stderr
    assert spec_of(cli) == "minilm"
    assert "zebra" in cli.rag("ask", "Where does the zebra sleep?").stdout
    assert "nothing to take over" in cli.rag("rollback", "default", "--catch-up").stderr
    [freed] = cli.json("collections", "prune")
    assert (freed["index"], freed["embedding"]) == ("former", FLOAT)
    assert freed["bytes"] > 1000


def test_a_fitted_model_is_fitted_once_and_new_documents_change_nothing(cli):
    built = cli.rag("switch", "default", "--to", "bow:")
    assert built.returncode == 0, built.stderr
    begun = cli.json("collections", "show")["next"]["embedding"]["spec"]
    assert begun.startswith("bow:default-")
    (cli.folder / "docs" / "new.txt").write_text("A document that came during the build: lamps.")
    assert cli.ingest("docs").returncode == 0
    told = cli.json("switch", "default", "--to", "bow:", "--yes")
    assert (told["to"], told["documents"]) == (begun, len(list((cli.folder / "docs").iterdir())))
    assert "lamp" in cli.rag("ask", "Which room has a lamp?").stdout


def test_ctrl_c_keeps_what_is_built(cli):
    process = cli.start(
        "-m",
        "rag_app",
        "switch",
        "default",
        "--to",
        "python:own_model:slow",
        "--yes",
        "--set",
        "chunk_tokens=32",
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "It answers as before" in line
    time.sleep(1)  # now it embeds, which takes seconds
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "They are kept; run the same command again" in errors
    assert spec_of(cli) == "minilm"
    done = cli.rag(
        "switch", "default", "--to", "python:own_model:slow", "--yes", "--set", "chunk_tokens=32"
    )
    assert done.returncode == 0, done.stderr
    assert "Passages have up to 32 tokens" in done.stderr
    assert "cut anew from the file" in done.stderr
    assert spec_of(cli) == "python:own_model:slow"


def test_nothing_is_sent_away_without_a_yes(cli):
    refused = cli.rag("switch", "default", "--to", "python:own_model:remote")
    assert refused.returncode == 2
    assert "vectors.example" in refused.stderr
    assert "Add --yes" in refused.stderr
    assert cli.json("collections", "show")["next"]["chunks"] == 0
    assert cli.json("switch", "default", "--to", "python:own_model:remote", "--yes")["changed_over"]


@pytest.mark.parametrize(("answer", "status", "spec"), [("n", 1, "minilm"), ("y", 0, FLOAT)])
def test_the_question_before_the_changeover(cli, answer, status, spec):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "rag_app", "switch", "default", "--to", FLOAT],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cli.folder,
        env=environment(cli.folder),
    )
    os.write(ours, f"{answer}\n".encode())
    _, errors = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert f"Change 'default' over to {FLOAT}?" in errors
    assert process.returncode == status
    assert spec_of(cli) == spec


def test_the_two_are_compared_on_the_saved_questions(cli):
    folder = cli.folder / "home" / "questions"
    folder.mkdir()
    questions = [
        {"question": f"chairs in room {n}", "document": "more.txt", "text": f"Room {n} has"}
        for n in range(1, 60, 3)
    ]
    (folder / "default.jsonl").write_text("\n".join(map(json.dumps, questions)))
    done = cli.rag("switch", "default", "--to", FLOAT)
    assert done.returncode == 0, done.stderr
    assert "nDCG@10" in done.stdout
    assert FLOAT in done.stdout
    told = cli.json("switch", "default", "--to", FLOAT, "--yes")
    assert {model["spec"] for model in told["comparison"]["models"]} == {"minilm", FLOAT}


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("switch", "nope", "--to", "minilm"), 1, "no collection 'nope'"),
        (("switch", "default", "--to", "minilmm"), 2, "Did you mean 'minilm'"),
        (("switch", "default", "--to", ""), 2, "names no model"),
        (("rollback", "default"), 1, "no former index"),
        (("rollback", "nope"), 1, "no collection 'nope'"),
        (("collections", "prune", "nope"), 1, "no collection 'nope'"),
        (("collections", "show", "default#next"), 1, "no collection 'default#next'"),
    ],
)
def test_wrong_calls_get_a_sentence(wrong_calls, arguments, status, words):
    done = wrong_calls.rag(*arguments)
    assert done.returncode == status
    assert words in done.stderr
    assert one_sentence(done.stderr)


@pytest.fixture(scope="module")
def wrong_calls(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    folder: Path = tmp_path_factory.mktemp("calls")
    (folder / "a.txt").write_text("One sentence about ships.")
    made = Cli(folder)
    assert made.ingest("a.txt").returncode == 0
    return made
