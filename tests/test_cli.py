"""The commands' edges: help, usage errors, exit statuses, and errors as text."""

from __future__ import annotations

import importlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from chroma_server import free_port
from cli_samples import ROOT, Cli, environment, one_sentence
from typer.testing import CliRunner

from rag_app.cli import ingest_main, main
from rag_app.cli.app import app
from rag_app.cli.output import counted, printable, show_table
from rag_app.cli.run import run
from rag_app.errors import CollectionNotFoundError, DocumentError, UsageError
from rag_app.settings import Settings, load_settings
from rag_app.ui import launch

COMMANDS = [
    ["ask"],
    ["chat"],
    ["collections", "delete"],
    ["collections", "list"],
    ["collections", "prune"],
    ["collections", "rename"],
    ["collections", "show"],
    ["compare"],
    ["doctor"],
    ["eval", "beir"],
    ["eval", "bias"],
    ["eval", "questions"],
    ["eval", "words"],
    ["explain"],
    ["ingest"],
    ["map"],
    ["models"],
    ["models", "list"],
    ["models", "prepare"],
    ["models", "prune"],
    ["models", "remove"],
    ["models", "train"],
    ["models", "tune"],
    ["rollback"],
    ["serve"],
    ["settings"],
    ["switch"],
    ["words", "analogy"],
    ["words", "similar"],
    ["words", "similarity"],
]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def in_shell(cli: Cli, command: str) -> subprocess.CompletedProcess[str]:
    """Runs ``rag COMMAND`` in a shell, whose redirections it may have."""
    return subprocess.run(
        ["sh", "-c", f"{sys.executable} -m rag_app {command}"],
        env=environment(cli.folder),
        cwd=cli.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(autouse=True)
def ctrl_c() -> Iterator[None]:
    """What ``run`` makes of Ctrl-C is for a process that ends; this one goes on."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def ended(
    body: Callable[[], None], *arguments: str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """Exit status and standard error of a command whose body is given."""
    command = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    command.command()(body)
    with pytest.raises(SystemExit) as end:
        run(command, "tool", arguments)
    return int(end.value.code or 0), capsys.readouterr().err


class TestHelp:
    @pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
    def test_every_command_teaches_with_an_example(self, command: list[str]) -> None:
        result = CliRunner().invoke(app, [*command, "--help"])
        assert result.exit_code == 0
        assert "Example" in result.stdout
        assert any(
            line.strip().startswith(("rag ", "ingest ")) for line in result.stdout.split("\n")
        )

    def test_every_command_is_in_the_list_above(self) -> None:
        group = typer.main.get_command(app)
        found = []
        for name, command in group.commands.items():  # type: ignore[attr-defined]
            inner = getattr(command, "commands", {})
            found += [[name, one] for one in inner]
            if not inner or command.invoke_without_command:
                found.append([name])
        assert sorted(found) == COMMANDS

    def test_the_short_help_of_no_command_is_cut_off(self) -> None:
        assert "..." not in CliRunner().invoke(app, ["--help"]).stdout.split("Commands:")[1]

    def test_the_version(self) -> None:
        assert CliRunner().invoke(app, ["--version"]).stdout.startswith("rag-app 0.")

    @pytest.mark.parametrize("name", ["rag", "ingest"])
    def test_the_shell_can_complete(self, name: str, cli: Cli) -> None:
        script = subprocess.run(
            [Path(sys.executable).with_name(name), "--show-completion", "bash"],
            env=environment(cli.folder, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert f"_{name.upper()}_COMPLETE" in script.stdout

    def test_completion_offers_settings(self, cli: Cli) -> None:
        variables = {
            "_RAG_COMPLETE": "complete_bash",
            "COMP_WORDS": "rag --set top",
            "COMP_CWORD": "2",
        }
        offered = subprocess.run(
            [Path(sys.executable).with_name("rag")],
            env=environment(cli.folder, **variables),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert offered.stdout.split() == ["top_k="]


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (["nosuch"], "nosuch"),
            (["ask"], "QUESTION"),
            (["ask", "--nosuch", "q"], "--nosuch"),
            (["--set", "topk=3", "settings"], "Did you mean 'top_k'?"),
            (["--set", "top_k=99", "settings"], "top_k"),
            (["--config", "absent.toml", "settings"], "absent.toml"),
            (["serve", "--port", "0"], "--port"),
        ],
    )
    def test_a_wrong_call_ends_with_2(self, arguments: list[str], word: str, cli: Cli) -> None:
        done = cli.rag(*arguments)
        assert done.returncode == 2
        assert word in done.stderr
        assert not done.stdout
        assert "Traceback" not in done.stderr

    def test_an_unknown_variable_ends_with_2(self, cli: Cli) -> None:
        done = cli.rag("collections", "list", variables={"RAG_COLECTION": "a"})
        assert done.returncode == 2
        assert one_sentence(done.stderr)
        assert "Did you mean 'collection'?" in done.stderr


class TestErrors:
    @pytest.mark.parametrize(
        ("error", "status"),
        [(CollectionNotFoundError("gone"), 1), (DocumentError("gone"), 1), (UsageError("gone"), 2)],
    )
    def test_our_own_become_a_sentence(
        self, error: Exception, status: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def body() -> None:
            raise error

        assert ended(body, capsys=capsys) == (status, "tool: gone\n")

    def test_any_other_is_a_bug(self, capsys: pytest.CaptureFixture[str]) -> None:
        def body() -> None:
            raise ZeroDivisionError("first\nsecond")

        status, text = ended(body, capsys=capsys)
        assert status == 1
        assert one_sentence(text)
        assert "bug (ZeroDivisionError: first)" in text
        assert "--debug" in text

    @pytest.mark.parametrize("error", [UsageError("gone"), ZeroDivisionError("gone")])
    def test_debug_shows_where(self, error: Exception) -> None:
        command = typer.Typer(pretty_exceptions_enable=False)

        @command.command()
        def body(word: str) -> None:
            assert word == "a"
            raise error

        with pytest.raises(type(error), match="gone"):
            run(command, "tool", ["a", "--debug"])

    def test_debug_behind_two_dashes_is_a_word(self, capsys: pytest.CaptureFixture[str]) -> None:
        def body(word: str) -> None:
            raise UsageError(word)

        assert ended(body, "--", "--debug", capsys=capsys) == (2, "tool: --debug\n")

    def test_options_of_all_commands_stand_anywhere(self, cli: Cli) -> None:
        other = cli.folder / "elsewhere"
        for place in (
            ("settings", "--json", "--set", "top_k=3", f"--home={other}"),
            ("--set", "top_k=3", "settings", "--home", str(other), "--json"),
        ):
            found = json.loads(cli.rag(*place).stdout)
            assert found["top_k"]["value"] == 3
            assert found["home"]["value"] == str(other)
        assert "requires an argument" in cli.rag("settings", "--set").stderr

    def test_a_refusal_of_the_system_is_no_bug(self, capsys: pytest.CaptureFixture[str]) -> None:
        def body() -> None:
            Path("/absent/file").read_text(encoding="utf-8")

        status, text = ended(body, capsys=capsys)
        assert status == 1
        assert text.startswith("tool: No such file or directory (/absent/file). Check ")
        assert one_sentence(text)

    def test_closed_streams_stop_no_command(self, cli: Cli) -> None:
        for closed, shown in (("<&-", "[]"), (">&-", ""), ("2>&-", "[]"), ("<&- >&- 2>&-", "")):
            done = in_shell(cli, f"collections list --json {closed}")
            assert (done.returncode, done.stdout.strip()) == (0, shown), done.stderr

    def test_a_full_disk_under_standard_output(self, cli: Cli) -> None:
        done = in_shell(cli, "settings > /dev/full")
        assert done.returncode == 1
        assert done.stderr.startswith("rag: No space left on device. ")

    def test_ctrl_c_ends_with_130(self, capsys: pytest.CaptureFixture[str]) -> None:
        def body() -> None:
            raise KeyboardInterrupt

        assert ended(body, capsys=capsys)[0] == 130

    def test_a_reader_that_has_gone_is_no_error(self, cli: Cli) -> None:
        process = cli.start("-m", "rag_app", "settings")
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        process.stderr.close()
        assert process.wait(60) == 1


# Threads of libraries may still be at work when a command has ended; Python waits for them.
LEAVES_A_THREAD = """
import threading, time, typer
from rag_app.cli.run import run

app = typer.Typer()

@app.command()
def body():
    threading.Thread(target=time.sleep, args=(60,)).start()
    print("begun", flush=True)

run(app, "tool", [])
"""


class TestInterrupts:
    def test_ctrl_c_ends_a_command_that_is_done_but_for_its_threads(self, cli: Cli) -> None:
        with cli.start("-c", LEAVES_A_THREAD) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline() == "begun\n"
            until = time.monotonic() + 30
            while process.poll() is None and time.monotonic() < until:
                process.send_signal(signal.SIGINT)
                time.sleep(0.05)
            process.kill()
            assert process.wait() == 130
            assert "Traceback" not in process.stderr.read()

    @pytest.mark.parametrize(
        ("command", "module"),
        [(main, "rag_app.cli.app"), (ingest_main, "rag_app.cli.ingest")],
        ids=["rag", "ingest"],
    )
    def test_ctrl_c_while_modules_are_imported(
        self, monkeypatch: pytest.MonkeyPatch, command: Callable[[], None], module: str
    ) -> None:
        class Interrupted:
            @staticmethod
            def find_spec(name: str, *_: object) -> None:
                if name == module:
                    raise KeyboardInterrupt

        importlib.import_module(module)
        monkeypatch.delitem(sys.modules, module)
        monkeypatch.setattr(sys, "meta_path", [Interrupted, *sys.meta_path])
        with pytest.raises(SystemExit) as end:
            command()
        assert end.value.code == 130


class TestSettingsCommand:
    def test_values_and_origins(self, cli: Cli) -> None:
        (cli.folder / "rag.toml").write_text("top_k = 7\n")
        found = cli.json("--set", "threads=1", "settings", variables={"RAG_LLM": "ollama:x"})
        assert list(found) == list(Settings.model_fields)
        assert found["top_k"] == {"value": 7, "source": "file", "name": "rag.toml"}
        assert found["llm"] == {"value": "ollama:x", "source": "variable", "name": "RAG_LLM"}
        assert found["threads"] == {"value": 1, "source": "flag", "name": "--set threads"}
        assert found["chroma_url"] == {"value": None, "source": "default", "name": ""}

    def test_the_options_before_the_command(self, cli: Cli) -> None:
        (cli.folder / "team.toml").write_text("top_k = 3\n")
        found = cli.json("--config", "team.toml", "--home", "here", "settings")
        assert found["top_k"]["value"] == 3
        assert found["home"]["value"] == str(cli.folder / "here")

    def test_secrets_are_never_printed(self, cli: Cli) -> None:
        variables = {
            "OPENAI_API_KEY": "sk-hush",
            "RAG_PDF_PASSWORD": "pa-hush",
            "RAG_CHROMA_URL": "http://me:ch-hush@localhost:1",
        }
        for arguments in (["settings"], ["settings", "--json"]):
            done = cli.rag(*arguments, variables=variables)
            assert done.returncode == 0
            assert "hush" not in done.stdout + done.stderr
            assert done.stdout.count("present") == 2


class TestModels:
    def test_both_ways_to_list(self, cli: Cli) -> None:
        found = cli.json("models")
        assert found == cli.json("models", "list")
        embedding = {one["spec"]: one for one in found["embedding"]}
        assert embedding["minilm"]["state"] == "ready"
        assert embedding["openai:text-embedding-3-small"]["state"] == "needs key OPENAI_API_KEY"
        answerers = {one["spec"]: one for one in found["llm"]}
        assert answerers["extractive"] | {"note": ""} == {
            "spec": "extractive",
            "state": "ready",
            "destination": None,
            "note": "",
        }
        assert answerers["openai:MODEL"]["destination"] == "api.openai.com"

    def test_a_key_and_an_address_change_what_is_ready(self, cli: Cli) -> None:
        variables = {"OPENAI_API_KEY": "k", "RAG_LLM_BASE_URL": "http://127.0.0.1:9/v1"}
        found = cli.json("models", variables=variables)
        openai = next(one for one in found["llm"] if one["spec"] == "openai:MODEL")
        assert (openai["state"], openai["destination"]) == ("ready", None)
        ours = [one for one in found["embedding"] if one["spec"].startswith("openai:")]
        assert all(one["state"] == "ready" for one in ours)

    def test_the_table(self, cli: Cli) -> None:
        shown = cli.rag("models").stdout
        assert "minilm" in shown
        assert "stays here" in shown
        assert "cohere: api.cohere.com" in shown
        assert max(map(len, shown.split("\nAnswerers")[0].splitlines())) <= 100

    def test_prepare(self, cli: Cli) -> None:
        done = cli.rag("models", "prepare")
        assert done.returncode == 0
        assert not done.stdout
        assert ".onnx" in done.stderr

    def test_prune_drops_cached_vectors_and_nothing_else(self, cli: Cli) -> None:
        (cli.folder / "tea.txt").write_text("Green tea steeps for two minutes.\n")
        assert cli.ingest("tea.txt").returncode == 0
        kept = cli.rag("models", "prune", "--keep-mb", "5")
        assert (kept.returncode, kept.stdout) == (0, "")
        assert kept.stderr.startswith("Dropped 0 vectors from the cache in ")
        assert cli.rag("models", "prune").stderr.startswith("Dropped 1 vector from the cache in ")
        assert cli.rag("models", "prune").stderr.startswith("Dropped 0 vectors ")
        assert "two minutes" in cli.rag("ask", "How long does green tea steep?").stdout
        assert cli.json("doctor")["problems"] == 0


class TestServe:
    def test_every_setting_reaches_the_pages(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Streamlit runs the pages in this process, with the arguments that it is given."""
        started = []
        monkeypatch.setattr(launch, "serve", lambda *given: started.append(given))
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("RAG_CONFIG", "")  # so that it is put back
        monkeypatch.setenv("RAG_THREADS", "2")
        (tmp_path / "team.toml").write_text('answer_sentences = 3\npdf_password = "hush"\n')
        common = ["--config", "team.toml", "--home", "here", "--set", "top_k=7"]
        secret = ["--set", "openai_api_key=sk-hush"]
        own = ["--port", str(free_port()), "--llm", "openai:x", "--collection", "other"]
        own += ["--name", "docs.example.org"]
        result = CliRunner().invoke(app, [*common, *secret, "serve", *own])
        assert result.exit_code == 0, result.output
        settings, host, port, name = started[0]
        assert name == "docs.example.org"
        assert settings.top_k == 7
        assert settings.home == tmp_path / "here"
        assert settings.llm == "openai:x"
        script = launch.arguments(settings, host, port, name)
        monkeypatch.setattr(sys, "argv", ["app.py", script[-1]])
        monkeypatch.chdir("/")
        again = load_settings(launch.flags_of_this_process())
        for name in Settings.model_fields:
            assert getattr(again, name) == getattr(settings, name), name
            assert again.origin(name) == settings.origin(name), name

    def test_a_store_that_cannot_be_opened_is_told_at_once(self, cli: Cli) -> None:
        (cli.folder / "file").touch()
        done = cli.rag("--home", "file", "serve", "--port", free_port())
        assert done.returncode == 1
        assert one_sentence(done.stderr)
        assert "RAG_HOME" in done.stderr


class TestOutput:
    def test_documents_cannot_steer_the_terminal(self) -> None:
        assert printable("a\x1b]0;title\x07b\x9b2Jc\td\n\r") == "a]0;titleb2Jc\td\n"

    def test_a_table_is_aligned_and_whole(self, capsys: pytest.CaptureFixture[str]) -> None:
        show_table(("name", "n"), [("日本", 5), ("a" * 90, 12)])
        lines = capsys.readouterr().out.splitlines()
        assert lines[1] == "日本" + " " * 86 + "   5"
        assert lines[2] == "a" * 90 + "  12"

    def test_numbers_with_their_nouns(self) -> None:
        assert (counted(1, "file"), counted(2, "file")) == ("1 file", "2 files")

    def test_what_the_terminal_cannot_show_stops_no_command(self, cli: Cli) -> None:
        variables = {"PYTHONIOENCODING": "latin-1", "RAG_HOME": str(cli.folder / "日")}
        done = cli.rag("settings", variables=variables)
        assert done.returncode == 0
        assert "\\u65e5" in done.stdout
        done = cli.rag("settings", "--json", variables=variables)
        assert json.loads(done.stdout)["home"]["value"].endswith("日")


def test_python_dash_m(cli: Cli) -> None:
    assert cli.run("rag_app", "--version").stdout.startswith("rag-app 0.")
    assert "Usage: ingest" in cli.run("ingest", "--help").stdout
    assert (ROOT / "rag_app" / "__main__.py").exists()
