"""Runs every command block of the README's tour, in its order, as a reader would.

``rag serve`` is left out: it runs until it is stopped, and opens pages that the browser tests
(test_browser.py) and the test without a network (test_offline.py) serve for real. ``make chat`` and
``make test`` stand in a block of text: CI calls them.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from cli_samples import ROOT, SAMPLES, environment
from llm_server import scripted_llm
from static_samples import distilled_cache

README = (ROOT / "README.md").read_text(encoding="utf-8")
NOT_RUN = ("rag serve",)
LLM_ADDRESS = "http://127.0.0.1:8080/v1"


def load_check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_check", ROOT / "docs" / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check = load_check()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tour")
    shutil.copytree(SAMPLES, folder / "sample_docs")
    distilled_cache(folder / "cache")
    return folder


def run(block: str, folder: Path) -> subprocess.CompletedProcess[str]:
    variables = environment(folder)
    variables["PATH"] = f"{Path(sys.executable).parent}:{variables['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )


def test_the_tour(folder: Path) -> None:
    blocks = check.command_blocks(README)
    shown = {}
    with scripted_llm(["About 150 metres [1]."]) as llm:
        for block in blocks:
            if block.strip() not in NOT_RUN:
                done = run(block.replace(LLM_ADDRESS, llm.base_url), folder)
                assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
                shown[block.splitlines()[0]] = done.stdout + done.stderr
        assert llm.requests
    assert len(shown) == len(blocks) - len(NOT_RUN)
    first, second = shown["ingest sample_docs"].split(" s.\n", 1)
    assert "added" in first
    assert "added" not in second
    choice = next(text for line, text in shown.items() if line.startswith("rag compare"))
    assert "No model is surely the best" in choice or "finds most" in choice
    assert "now answers with static:minilm" in choice
    assert "answers with minilm again" in choice
    holidays = next(text for line, text in shown.items() if "paid holidays" in line)
    assert "26 days" in holidays
    assert "The documents do not say." in holidays  # who won the football world cup
    assert "Everything is in order." in shown["rag models"]
    assert json.loads((folder / "answer.json").read_text())["citations"]
    assert (folder / "report.json").exists()


def test_what_is_not_run_is_in_the_readme() -> None:
    assert {block.strip() for block in check.command_blocks(README)} >= set(NOT_RUN)


def test_the_targets_of_make_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {
        target
        for page in ("README.md", "CONTRIBUTING.md")
        for target in re.findall(r"\bmake ([a-z-]+)\b", (ROOT / page).read_text(encoding="utf-8"))
    }
    assert {"chat", "test", "ask", "check"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


def test_a_question_to_make_is_never_read_by_the_shell() -> None:
    shown = subprocess.run(
        ["make", "-n", "ask", 'Q=a 2" pipe; `exit 7`'],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert 'rag ask "$Q"' in shown.stdout
    assert "exit 7" not in shown.stdout


class TestCheck:
    def test_the_documentation_is_in_order(self) -> None:
        done = subprocess.run(
            [sys.executable, ROOT / "docs" / "check.py"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def test_links_that_lead_nowhere_are_found(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(check, "ROOT", tmp_path)
        (tmp_path / "other.md").write_text("# A heading: here\n")
        page = tmp_path / "page.md"
        page.write_text(
            "[a](other.md) [b](other.md#a-heading-here) [c](https://example.org/x) [d](#top)\n"
            "[e](absent.md) ![f](other.md#no-heading)\n# Top\n```text\n[g](in-a-block.md)\n```\n"
        )
        found = check.broken_links(page)
        assert [problem.split()[3] for problem in found] == ["absent.md", "other.md#no-heading"]

    def test_every_setting_and_command_is_described(self) -> None:
        from rag_app.settings import Settings

        table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
        assert all(f"| `{name}` |" in table for name in Settings.model_fields)
        commands = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
        assert "## `rag collections delete`" in commands
        assert "## `ingest`" in commands
