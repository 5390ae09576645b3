"""Checks the documentation: ``python docs/check.py``; with ``--write`` it makes what is generated.

- ``docs/cli.md`` is what the commands' ``--help`` say;
- the table in ``docs/settings.md`` is what the settings' model says;
- every link inside the repository leads to a file, and every ``#anchor`` to a heading;
- every command block of the README is run by ``tests/test_readme.py``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent
GENERATED = "<!-- Made by `python docs/check.py --write`. Do not edit. -->"
TABLE_START, TABLE_END = "<!-- settings -->", "<!-- /settings -->"
FACTORIES = {"home": "the platform's data folder", "cache": "the platform's cache folder"}
"""Defaults that depend on the machine, in words."""
KINDS = {int: "whole number", float: "number", Path: "folder", SecretStr: "secret", str: "text"}
SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
INTRODUCTION = """\
`rag COMMAND --help` prints the same in the terminal. `python -m rag_app` is `rag`, and
`python -m ingest` is `ingest`.

Exit status: 0 done, 1 an error, 2 wrong usage, 3 done but some documents failed, 130 interrupted.
"""
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)[^)]*\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def command_blocks(markdown: str) -> list[str]:
    """The ``sh`` blocks of a page, in their order."""
    return [body for language, body in FENCE.findall(markdown) if language == "sh"]


def cli_reference() -> str:
    """The page of all commands, from their own help."""
    from rag_app.cli.app import app
    from rag_app.cli.ingest import app as ingest_app

    sections = [
        f"# Commands\n\n{GENERATED}\n",
        INTRODUCTION,
    ]
    for name, command in ((("rag",), app), (("ingest",), ingest_app)):
        for path in _paths(name, typer.main.get_command(command)):
            text = _help(command, path)
            sections.append(f"## `{' '.join(path)}`\n\n```text\n{text}\n```\n")
    return "\n".join(sections)


def _paths(path: tuple[str, ...], command: object) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from _paths((*path, name), inner)


def _help(app: typer.Typer, path: tuple[str, ...]) -> str:
    result = CliRunner().invoke(app, [*path[1:], "--help"], prog_name=path[0])
    if result.exit_code != 0:
        raise SystemExit(f"{' '.join(path)} --help failed: {result.output}")
    return "\n".join(line.rstrip() for line in result.stdout.strip().splitlines())


def settings_table() -> str:
    """The table of all settings, from their model."""
    from rag_app.settings import PREFIX, Settings

    lines = ["| setting | variable | default | values | what it does |", "| --- " * 5 + "|"]
    for name, field in Settings.model_fields.items():
        row = (f"`{name}`", f"`{PREFIX}{name.upper()}`", _default(name, field), _values(field))
        lines.append(f"| {' | '.join(row)} | {field.description} |")
    return "\n".join(lines)


def _default(name: str, field: FieldInfo) -> str:
    if name in FACTORIES:
        return FACTORIES[name]
    return "unset" if field.default in (None, "") else f"`{field.default}`"


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{one}`" for one in get_args(field.annotation))
    kind, *_ = get_args(field.annotation) or (field.annotation,)
    limits = [
        f"{sign} {getattr(bound, name):,}"
        for bound in field.metadata
        for name, sign in SIGNS.items()
        if hasattr(bound, name)
    ]
    return ", ".join([KINDS[kind], *limits])


def settings_page(page: str) -> str:
    """``docs/settings.md`` with its table made anew."""
    before, _, rest = page.partition(TABLE_START)
    _, _, after = rest.partition(TABLE_END)
    return f"{before}{TABLE_START}\n{settings_table()}\n{TABLE_END}{after}"


def broken_links(page: Path) -> list[str]:
    """A sentence for each link of ``page`` that leads nowhere inside the repository."""
    problems = []
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        where = f"{page.relative_to(ROOT)}: the link {target}"
        if not linked.exists():
            problems.append(f"{where} leads to no file")
        elif anchor and linked.suffix == ".md" and anchor not in _anchors(linked):
            problems.append(f"{where} leads to no heading")
    return problems


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}


def untested_blocks() -> list[str]:
    """A sentence for each block of the README that could hold commands and is not run."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    test = ROOT / "tests" / "test_readme.py"
    if not test.exists() or "command_blocks" not in test.read_text(encoding="utf-8"):
        return ["tests/test_readme.py does not run the README's command blocks"]
    other = {language for language, _ in FENCE.findall(text)} - {"sh", "text"}
    return [f"README.md: a block of '{language}' is not run by a test" for language in other]


def pages() -> list[Path]:
    """The Markdown pages of the repository, without the sample documents."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]
    return sorted(pages)


def main() -> int:
    """Checks or, with ``--write``, writes; returns the exit status."""
    settings_path = ROOT / "docs" / "settings.md"
    wanted = {
        ROOT / "docs" / "cli.md": cli_reference(),
        settings_path: settings_page(settings_path.read_text(encoding="utf-8")),
    }
    problems = []
    for path, text in wanted.items():
        if "--write" in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            problems.append(
                f"{path.relative_to(ROOT)} is out of date: python docs/check.py --write"
            )
    for page in pages():
        problems += broken_links(page)
    problems += untested_blocks()
    for problem in problems:
        print(problem, file=sys.stderr)
    print("docs: in order" if not problems else f"docs: {len(problems)} to correct")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
