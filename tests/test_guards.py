"""What nobody watches otherwise: light imports, public names, module length, layers."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("rag_app", "ingest")
LONGEST_MODULE = 250
LONGEST_FUNCTION = 70  # of which a command's options and a docstring may take 30
HEAVY = {
    "chromadb",
    "langchain",
    "langchain_core",
    "langchain_openai",
    "numpy",
    "onnxruntime",
    "openai",
    "pypdf",
    "pypdfium2",
    "sentence_transformers",
    "streamlit",
    "tiktoken",
    "tokenizers",
    "torch",
    "transformers",
}

_LISTS_MODULES = """
import sys
sys.argv = ["rag", *sys.argv[1:]]
try:
    from rag_app.cli import main
    main()
except SystemExit as end:
    assert not end.code, end.code
sys.stderr.write("\\n" + " ".join(sys.modules))
"""


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> set[str]:
    """Top-level names of everything that a module imports anywhere."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def loaded_by(arguments: list[str], tmp_path: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _LISTS_MODULES, *arguments],
        env={"PATH": "/usr/bin:/bin", "RAG_HOME": str(tmp_path), "RAG_CACHE": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"], ["settings"]])
def test_commands_that_need_no_library_load_none(arguments: list[str], tmp_path: Path) -> None:
    assert not HEAVY & {name.split(".")[0] for name in loaded_by(arguments, tmp_path)}


def test_listing_collections_loads_no_vector_store(tmp_path: Path) -> None:
    loaded = loaded_by(["collections", "list"], tmp_path)
    assert not {"chromadb", "torch", "onnxruntime", "streamlit"} & loaded


def test_importing_any_module_of_the_commands_loads_no_heavy_library(tmp_path: Path) -> None:
    names = [name_of(path) for path in modules() if name_of(path).startswith("rag_app.cli")]
    code = f"import sys, {', '.join(names)}; sys.stdout.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "rag_app.cli.ask" in done.stdout
    assert not HEAVY & {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_only_the_pages_import_streamlit(path: Path) -> None:
    pages = path.is_relative_to(ROOT / "rag_app" / "ui")
    assert pages or "streamlit" not in imported(path)


@pytest.mark.parametrize(
    "path", [p for p in modules() if "__all__" in p.read_text(encoding="utf-8")], ids=name_of
)
def test_public_names_are_there_and_sorted(path: Path) -> None:
    module = importlib.import_module(name_of(path))
    names = list(module.__all__)
    assert all(hasattr(module, name) for name in names)
    # Constants, then classes, then functions: the order that ruff's RUF022 keeps.
    assert names == sorted(names, key=lambda n: (not n.isupper(), not n[0].isupper(), n))


def test_what_a_package_exports_is_public() -> None:
    for path in modules():
        if path.name != "__init__.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        own = {
            alias.asname or alias.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(name_of(path))
            for alias in node.names
        }
        public = set(getattr(importlib.import_module(name_of(path)), "__all__", own))
        assert own <= public, name_of(path)


def test_the_contract_of_the_layers_is_there() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {one["id"]: one for one in config["tool"]["importlinter"]["contracts"]}
    layers = contracts["layers"]["layers"]
    assert layers[0].startswith("rag_app.cli")
    assert layers[-2:] == ["rag_app.types", "rag_app.errors | rag_app.whole_files"]
    assert "streamlit" in contracts["streamlit"]["forbidden_modules"]
    assert "rag_app.answering" in contracts["ingest"]["forbidden_modules"]


def test_every_error_is_in_the_tree_that_is_drawn() -> None:
    from rag_app import errors

    drawn = errors.__doc__ or ""
    classes = [
        value for value in vars(errors).values() if isinstance(value, type) and value is not object
    ]
    for one in (c for c in classes if issubclass(c, Exception)):
        assert issubclass(one, errors.RagError)
        assert one.__name__ in drawn
