"""``rag ask`` and ``rag chat`` over one small ingested folder."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from chroma_server import chroma_server, free_port
from cli_samples import SAMPLES, Cli, environment, one_sentence
from llm_server import ScriptedLlm, scripted_llm

from rag_app.cli import servers
from rag_app.cli.output import shown_path
from rag_app.errors import RagError

QUESTION = "How long does the warranty of the kettle last?"
QUOTE = "The warranty of the kettle lasts seven years."
LEASES = "The pump in the lobby was leased from Brunt & Sons."


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    folder = tmp_path_factory.mktemp("ask")
    docs = folder / "docs"
    docs.mkdir()
    (docs / "kettle.md").write_text(f"# Warranty\n\n{QUOTE}\n\nIt covers the lid and the cord.\n")
    (docs / "tea.txt").write_text("Green tea steeps for two minutes at eighty degrees.\n")
    (docs / "\x1b]0;leases.txt").write_text(f"\u009b31m{LEASES}\u009d0;gone It is old.\n")
    (docs / "manual.pdf").write_bytes((SAMPLES / "warranty-and-returns.pdf").read_bytes())
    cli = Cli(folder)
    done = cli.ingest(docs, "--quiet")
    assert done.returncode == 0, done.stderr
    return cli


@contextmanager
def answering_with(*pieces: str, **script: int) -> Iterator[tuple[ScriptedLlm, dict[str, str]]]:
    """A language model that says ``pieces``, and the variables that lead to it."""
    with scripted_llm(pieces, **script) as llm:
        yield llm, {"RAG_LLM": "openai:scripted", "RAG_LLM_BASE_URL": llm.base_url}


@contextmanager
def web_server(status: int, body: bytes) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A server that gives one answer to all; its address, and paths and keys that were asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keeps the test output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


class TestAsk:
    def test_answer_and_citation(self, cli: Cli) -> None:
        done = cli.rag("ask", QUESTION)
        assert done.returncode == 0
        assert not done.stderr
        answer, _, citations = done.stdout.partition("\n\n")
        assert "seven years" in answer
        assert "[1]" in answer
        assert citations.startswith(f"[1] docs/kettle.md\n    “{QUOTE}")

    def test_a_page_is_named_where_there_are_pages(self, cli: Cli) -> None:
        done = cli.rag("ask", "-d", "manual.pdf", "Who pays for the return of a pump?")
        assert "[1] docs/manual.pdf, page " in done.stdout

    def test_json_is_all_there_is(self, cli: Cli) -> None:
        answer = cli.json("ask", QUESTION)
        assert {
            "question",
            "answer",
            "abstained",
            "citations",
            "collection",
            "embedding",
            "llm",
            "timings",
        } <= set(answer)
        assert (answer["question"], answer["abstained"]) == (QUESTION, False)
        assert (answer["collection"], answer["embedding"], answer["llm"]) == (
            "default",
            "minilm",
            "extractive",
        )
        citation = answer["citations"][0]
        assert citation["number"] == 1
        assert citation["source"] == str(cli.folder / "docs" / "kettle.md")
        assert citation["sources"] == [citation["source"]]
        assert citation["page"] == 1
        assert citation["quote"].startswith(QUOTE)
        assert 0 <= citation["score"] <= 1
        assert answer["timings"]["total"] > 0

    def test_a_question_from_a_pipe_and_in_several_words(self, cli: Cli) -> None:
        assert "seven years" in cli.rag("ask", "-", stdin=f"{QUESTION}\n").stdout
        assert "seven years" in cli.rag("ask", *QUESTION.split()).stdout

    def test_abstaining_is_an_answer(self, cli: Cli) -> None:
        answer = cli.json("ask", "Who won the football world cup?")
        assert answer["abstained"]
        assert not answer["citations"]
        assert cli.rag("ask", "Who won the football world cup?").returncode == 0

    def test_only_the_documents_that_are_named(self, cli: Cli) -> None:
        only = cli.json("ask", QUESTION, "--document", "tea.txt", "-d", "docs/\x1b]0;leases.txt")
        assert "seven years" not in only["answer"]
        both = cli.json("ask", QUESTION, "-d", "tea.txt", "-d", str(cli.folder / "docs/kettle.md"))
        assert "seven years" in both["answer"]

    def test_a_document_that_is_not_there(self, cli: Cli) -> None:
        done = cli.rag("ask", QUESTION, "-d", "kettles.md")
        assert done.returncode == 2
        assert one_sentence(done.stderr)
        assert "Did you mean kettle.md?" in done.stderr

    def test_text_of_a_document_does_not_steer_the_terminal(self, cli: Cli) -> None:
        done = cli.rag("ask", "From whom was the pump in the lobby leased?")
        assert "Brunt" in done.stdout
        assert "[1] docs/]0;leases.txt" in done.stdout
        assert not set("\x1b\u009b\u009d") & set(done.stdout)

    @pytest.mark.parametrize(
        ("arguments", "status", "words"),
        [
            (["-c", "defualt", QUESTION], 1, ["defualt", "default"]),
            (["-k", "0", QUESTION], 2, ["top_k"]),
            (["-k", "many", QUESTION], 2, ["--top-k"]),
            ([" "], 2, ["question"]),
            (["--llm", "openai:x", QUESTION], 1, ["OPENAI_API_KEY"]),
            (["--llm", "nosuch", QUESTION], 2, ["nosuch"]),
            (["--embedding", "openai:text-embedding-3-small", QUESTION], 1, ["OPENAI_API_KEY"]),
            (["--embedding", "nosuch:x", QUESTION], 2, ["nosuch", "minilm"]),
        ],
    )
    def test_what_cannot_be_answered(
        self, arguments: list[str], status: int, words: list[str], cli: Cli
    ) -> None:
        done = cli.rag("ask", *arguments)
        assert done.returncode == status
        assert not done.stdout
        assert all(word in done.stderr for word in words), done.stderr
        assert "Traceback" not in done.stderr
        assert "bug" not in done.stderr

    def test_nothing_ingested_yet(self, tmp_path: Path) -> None:
        done = Cli(tmp_path).rag("ask", QUESTION)
        assert done.returncode == 1
        assert "ingest" in done.stderr
        assert one_sentence(done.stderr)

    def test_the_default_answer_loads_no_torch(self, cli: Cli) -> None:
        code = (
            "import sys; sys.argv[0] = 'rag'\n"
            "from rag_app.cli import main\n"
            "try: main()\n"
            "finally: sys.stderr.write(' '.join(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, "ask", QUESTION],
            env=environment(cli.folder),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        loaded = set(done.stderr.split())
        assert "onnxruntime" in loaded
        assert not loaded & {
            "torch",
            "sentence_transformers",
            "transformers",
            "streamlit",
            "langchain_openai",
            "langchain_core.retrievers",
        }


class TestLanguageModel:
    def test_a_citation_of_nothing_is_removed(self, cli: Cli) -> None:
        with answering_with("Seven ", "years [1], ", "or so [9].") as (llm, variables):
            done = cli.rag("ask", QUESTION, variables=variables)
        assert done.returncode == 0, done.stderr
        assert "Seven years [1]" in done.stdout
        assert "[9]" not in done.stdout
        assert "[1] docs/" in done.stdout
        assert QUOTE in llm.prompt()

    def test_streamed_text_is_followed_by_what_the_check_left(self, cli: Cli) -> None:
        with answering_with("Seven ", "years [1], ", "or so [9].") as (_, variables):
            done = cli.rag("ask", "--stream", QUESTION, variables=variables)
        streamed, _, checked = done.stdout.partition("\n")
        assert streamed == "Seven years [1], or so [9]."
        assert "[9]" not in checked
        assert "check removed" in done.stderr

    def test_a_server_that_is_down(self, cli: Cli) -> None:
        with answering_with() as (llm, variables):
            pass
        done = cli.rag("ask", QUESTION, variables=variables)
        assert done.returncode == 1
        assert one_sentence(done.stderr)
        assert llm.base_url.rpartition(":")[2].removesuffix("/v1") in done.stderr

    def test_a_server_that_breaks_off(self, cli: Cli) -> None:
        with answering_with("Seven ", "years", break_after=1) as (_, variables):
            done = cli.rag("ask", "--stream", QUESTION, variables=variables)
        assert "bug" not in done.stderr
        assert "Traceback" not in done.stderr
        assert done.returncode == 1 or "Note:" in done.stderr

    def test_a_remote_host_is_named_before_anything_is_sent(self, cli: Cli) -> None:
        # .invalid never resolves (RFC 2606), so that nothing leaves this machine.
        variables = {
            "RAG_LLM": "openai:x",
            "RAG_LLM_BASE_URL": "http://llm.invalid/v1",
            "OPENAI_API_KEY": "sk-hush",
        }
        done = cli.rag("ask", QUESTION, variables=variables)
        note, error = done.stderr.strip().splitlines()
        assert note == "Note: your question and the passages found go to llm.invalid."
        assert done.returncode == 1
        assert "llm.invalid" in error
        assert "hush" not in done.stderr


def test_a_host_is_told_only_for_a_model(cli: Cli) -> None:
    for llm in ("gpt", "openai:", ""):
        done = cli.rag("ask", "--llm", llm, QUESTION)
        assert done.returncode == 2
        assert done.stderr == (
            f"rag: '{llm}' names no model. Write extractive, or provider:model such as "
            "openai:gpt-4o-mini.\n"
        )


def test_a_path_stays_on_its_line() -> None:
    assert shown_path("/docs/two\nlines.md") == "/docs/two lines.md"
    assert shown_path(str(Path.cwd() / "a.md")) == "a.md"


class TestChat:
    def test_lines_from_a_pipe(self, cli: Cli) -> None:
        lines = ["/help", QUESTION, "", "/sources", "/nosuch", "/new", "/quit", "never read"]
        done = cli.rag("chat", stdin="\n".join(lines))
        assert done.returncode == 0
        assert "/sources" in done.stdout
        assert "seven years" in done.stdout
        assert f"“{QUOTE}" in done.stdout
        assert "1. docs/kettle.md (score " in done.stdout
        assert "There is no command /nosuch" in done.stderr
        assert "never read" not in done.stdout

    def test_the_end_of_the_pipe_ends_it(self, cli: Cli) -> None:
        assert cli.rag("chat", stdin=QUESTION).returncode == 0
        assert cli.rag("chat", stdin="").returncode == 0

    def test_a_follow_up_knows_what_was_said(self, cli: Cli) -> None:
        with answering_with("It lasts seven years [1].") as (llm, variables):
            done = cli.rag("chat", stdin=f"{QUESTION}\nAnd of its cord?\n", variables=variables)
        assert done.returncode == 0, done.stderr
        assert QUESTION in llm.prompt()
        assert "seven years" in llm.prompt()
        # What was searched for is said of the follow-up alone.
        (searched,) = [one for one in done.stderr.splitlines() if one.startswith("Searched for:")]
        assert searched.startswith("Searched for: And of its cord? (")
        assert "kettle" in searched

    def test_an_error_ends_the_answer_and_not_the_chat(self, cli: Cli) -> None:
        with answering_with() as (_, variables):
            pass
        done = cli.rag("chat", stdin=f"{QUESTION}\n/help\n", variables=variables)
        assert done.returncode == 1
        assert "rag: " in done.stderr
        assert "/sources" in done.stdout

    def test_ctrl_c_stops_the_answer_and_then_leaves(self, cli: Cli) -> None:
        with (
            answering_with("Seven ", "years ", hang_after=1) as (_, variables),
            terminal(cli, "chat", variables=variables) as chat,
        ):
            chat.wait_for("› ")
            chat.type(f"{QUESTION}\n")
            chat.wait_for("Seven")
            chat.interrupt()
            chat.wait_for("Stopping")
            chat.wait_for("› ")  # it goes on
            chat.type("/help\n")
            chat.wait_for("/quit")
            chat.wait_for("› ")
            time.sleep(0.5)  # the prompt is there a moment before the line is read
            chat.interrupt()
            assert chat.status() == 0


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, process_id: int, file: int) -> None:
        self._process_id = process_id
        self._file = file
        self._unread = b""

    def type(self, text: str) -> None:
        os.write(self._file, text.encode())

    def interrupt(self) -> None:
        os.kill(self._process_id, signal.SIGINT)

    def wait_for(self, text: str) -> None:
        """Reads until ``text`` has come, and forgets it and what came before."""
        until = time.monotonic() + 60
        while text.encode() not in self._unread:
            assert time.monotonic() < until, self._unread
            if select.select([self._file], [], [], 1)[0]:
                try:
                    self._unread += os.read(self._file, 65536)
                except OSError as error:
                    raise AssertionError(self._unread) from error
        self._unread = self._unread.partition(text.encode())[2]

    def status(self) -> int:
        """Waits for the end."""
        until = time.monotonic() + 60
        while (ended := os.waitpid(self._process_id, os.WNOHANG)) == (0, 0):
            assert time.monotonic() < until, self._unread
            time.sleep(0.05)
        return os.waitstatus_to_exitcode(ended[1])


@contextmanager
def terminal(cli: Cli, *arguments: str, variables: dict[str, str]) -> Iterator[Terminal]:
    process_id, file = pty.fork()
    if process_id == 0:
        os.chdir(cli.folder)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        command = [sys.executable, "-m", "rag_app", *arguments]
        os.execve(command[0], command, environment(cli.folder, TERM="dumb", **variables))
    try:
        yield Terminal(process_id, file)
    finally:
        os.close(file)  # hangs up on a command that has not ended


class TestCollections:
    """Last in this file: they change what the others read, each under a name of its own."""

    def test_list_show_rename_delete(self, cli: Cli) -> None:
        assert cli.ingest("docs/tea.txt", "-c", "teas", "-q").returncode == 0
        assert [one["name"] for one in cli.json("collections", "list")] == ["default", "teas"]
        assert cli.rag("collections", "rename", "teas", "drinks").returncode == 0
        shown = cli.rag("collections", "show", "drinks").stdout
        assert "docs/tea.txt" in shown
        assert "minilm (384 dimensions, 256 tokens)" in shown

        asked = cli.rag("collections", "delete", "drinks")
        assert asked.returncode == 2
        assert "--yes" in asked.stderr
        assert cli.rag("collections", "delete", "drinks", "--yes").returncode == 0
        assert [one["name"] for one in cli.json("collections", "list")] == ["default"]

    @pytest.mark.parametrize(
        ("answer", "status", "left"), [("n\n", 1, ["asked", "default"]), ("y\n", 0, ["default"])]
    )
    def test_delete_asks_on_a_terminal(
        self, cli: Cli, answer: str, status: int, left: list[str]
    ) -> None:
        assert cli.ingest("docs/tea.txt", "-c", "asked", "-q").returncode == 0
        uploads = cli.folder / "home" / "uploads" / "asked"
        uploads.mkdir(parents=True, exist_ok=True)
        with terminal(cli, "collections", "delete", "asked", variables={}) as asking:
            asking.wait_for("Delete 'asked' with 1 document and the files uploaded into it?")
            asking.type(answer)
            assert asking.status() == status
        assert [one["name"] for one in cli.json("collections", "list")] == left

    @pytest.mark.parametrize(
        ("arguments", "status", "word"),
        [
            (["show", "nosuch"], 1, "nosuch"),
            (["rename", "default", "a b"], 2, "a b"),
            (["rename", "default", "default2", "x"], 2, "x"),
            (["delete", "nosuch", "--yes"], 1, "nosuch"),
        ],
    )
    def test_what_is_refused(self, cli: Cli, arguments: list[str], status: int, word: str) -> None:
        done = cli.rag("collections", *arguments)
        assert done.returncode == status
        assert word in done.stderr

    def test_none_yet(self, tmp_path: Path) -> None:
        cli = Cli(tmp_path)
        assert cli.json("collections", "list") == []
        assert "ingest PATH" in cli.rag("collections", "list").stderr


class TestDoctor:
    def test_all_is_well(self, cli: Cli) -> None:
        done = cli.rag("doctor")
        assert done.returncode == 0, done.stdout
        assert "PROBLEM" not in done.stdout
        assert "Everything is in order." in done.stdout
        found = cli.json("doctor")
        assert found["problems"] == 0
        assert {"Python", "packages", "embedding model", "collections", "answerer"} <= {
            check["name"] for check in found["checks"]
        }

    def problems(self, cli: Cli, **variables: str) -> dict[str, str]:
        done = cli.rag("doctor", "--json", variables=variables)
        assert done.returncode == 1, done.stdout
        found = json.loads(done.stdout)
        wrong = {check["name"]: check["detail"] for check in found["checks"] if not check["ok"]}
        assert found["problems"] >= len(wrong) > 0
        return wrong

    def test_settings_that_are_wrong(self, cli: Cli) -> None:
        assert "RAG_TOP_K" in self.problems(cli, RAG_TOP_K="99")["settings"]

    def test_servers_that_are_down_and_a_key_that_is_missing(self, cli: Cli) -> None:
        wrong = self.problems(
            cli, RAG_CHROMA_URL="http://127.0.0.1:9", RAG_LLM="openai:gpt-4o-mini"
        )
        assert "http://127.0.0.1:9" in wrong["Chroma server"]
        assert "OPENAI_API_KEY" in wrong["answerer"]

    def test_a_language_model_on_this_machine_that_is_down(self, cli: Cli) -> None:
        variables = {"RAG_LLM": "openai:x", "RAG_LLM_BASE_URL": "http://127.0.0.1:9/v1"}
        assert "127.0.0.1:9" in self.problems(cli, **variables)["language model"]

    @pytest.mark.parametrize(
        ("status", "body", "said"),
        [
            (404, b"<h1>Not here</h1>", "is not"),
            (200, b"[1, 2]", "is not"),
            (401, b"{}", "refuses the key"),
        ],
    )
    def test_something_else_answers_where_a_server_should(
        self, cli: Cli, status: int, body: bytes, said: str
    ) -> None:
        with web_server(status, body) as (url, asked):
            wrong = self.problems(
                cli,
                RAG_CHROMA_URL=url,
                RAG_LLM="openai:x",
                RAG_LLM_BASE_URL=f"{url}/v1",
                OPENAI_API_KEY="hush",
            )
        assert f"{url} is not a Chroma server" in wrong["Chroma server"]
        assert said in wrong["language model"]
        assert f"{url}/v1" in wrong["language model"]
        assert asked[0] == ("/api/v2/heartbeat", None)
        assert ("/v1/models", "Bearer hush") in asked

    def test_a_server_of_language_models_says_which(self, cli: Cli) -> None:
        models = {"data": [{"id": f"model-{n}"} for n in range(7)]}
        with web_server(200, json.dumps(models).encode()) as (url, _):
            variables = {"RAG_LLM": "ollama:model-1", "RAG_LLM_BASE_URL": url}
            done = cli.rag("doctor", variables=variables)
        assert done.returncode == 0, done.stdout
        assert f"{url}/v1; its models: model-0, model-1, model-2" in done.stdout

    def test_a_server_that_never_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(servers, "WAIT_S", 0.2)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with pytest.raises(RagError, match=f"{url} does not answer within 0.2 seconds"):
                servers.chroma_server(url)

    @pytest.mark.chroma_server
    def test_a_chroma_server(self, tmp_path: Path) -> None:
        with chroma_server(tmp_path, free_port()) as url:
            assert servers.chroma_server(url) == f"answers at {url}"

    def test_a_home_that_cannot_be_written(self, cli: Cli) -> None:
        wrong = self.problems(cli, RAG_HOME="/proc/home")
        assert "cannot be written" in wrong["home folder"]
        assert "/proc/home" in wrong["collections"]

    def test_a_home_that_is_a_file(self, cli: Cli) -> None:
        (cli.folder / "file").touch()
        wrong = self.problems(cli, RAG_HOME=str(cli.folder / "file" / "home"))
        assert "is not a folder" in wrong["home folder"]

    def test_a_model_file_that_is_damaged_is_made_again_or_named(self, cli: Cli) -> None:
        unknown = self.problems(cli, RAG_EMBEDDING="nosuch:x")
        assert "nosuch" in unknown["embedding model"]

    def test_a_damaged_store(self, cli: Cli, tmp_path: Path) -> None:
        (tmp_path / "catalog.sqlite3").write_bytes(b"this is no database, whatever its name" * 99)
        assert "collections" in self.problems(cli, RAG_HOME=str(tmp_path))
