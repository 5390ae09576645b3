"""Sixteen sessions that ask one of the collections of ``speed.py`` at once.

    RAG_CACHE=FOLDER .venv/bin/python benchmarks/speed_sessions.py HOME PASSAGES [SESSIONS]

As threads of one process, which is how Streamlit runs chat sessions, and as commands (``rag ask``),
each a process; with the embedded Chroma, and with a Chroma server on this machine. Errors end it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter
from unittest.mock import patch

from measure import BIN, ROOT, run
from speed_ask import Both, K, spread
from speed_build import MODEL, NAME, settings_of
from speed_texts import questions

from rag_app.embeddings import load_embeddings
from rag_app.retrieval.search import Searcher
from rag_app.settings import Settings
from rag_app.store import Store
from rag_app.store.store import FILE_NAME

sys.path.insert(0, str(ROOT / "tests"))
from chroma_server import chroma_server

PORT = 18_763
"""Always the same: an index is known by the address of its server."""

QUESTIONS = {"threads": 25, "commands": 3}
"""Of each session."""


def at_once(sessions: int, each: int, ask: Callable[[str], object]) -> dict[str, object]:
    """Every session asks questions of its own, one after the other."""
    texts = questions(sessions * each, seed=7)
    parts = [texts[start : start + each] for start in range(0, len(texts), each)]

    def session(part: Sequence[str]) -> list[float]:
        taken = []
        for text in part:
            started = perf_counter()
            ask(text)
            taken.append(perf_counter() - started)
        return taken

    began = perf_counter()
    with ThreadPoolExecutor(len(parts)) as pool:
        seconds = [one for found in pool.map(session, parts) for one in found]
    whole = perf_counter() - began
    return {
        "questions": len(seconds),
        "a second": round(len(seconds) / whole, 1),
        **spread(seconds),
    }


def threads(settings: Settings, sessions: int) -> dict[str, object]:
    """Sessions of one process: a store and a model for all of them, as in the browser."""
    model = Both(load_embeddings("minilm", settings), load_embeddings(MODEL, settings))
    with Store(settings) as store:
        collection = store.get(NAME)

        def ask(text: str) -> None:
            if not Searcher(collection, model).search(text, K).hits:  # type: ignore[arg-type]
                raise SystemExit(f"nothing was found for {text!r}")

        ask("warm")
        return at_once(sessions, QUESTIONS["threads"], ask)


def commands(settings: Settings, sessions: int) -> dict[str, object]:
    """Sessions of a process for each question."""
    given = {"RAG_COLLECTION": NAME, "RAG_CHROMA_URL": settings.chroma_url or ""}
    with patch.dict(os.environ, {name: value for name, value in given.items() if value}):
        return at_once(
            sessions,
            QUESTIONS["commands"],
            lambda text: json.loads(
                run([str(BIN / "rag"), "ask", "--json", text], settings.home).output
            ),
        )


@contextmanager
def served(home: Path, passages: int) -> Iterator[Settings]:
    """The same collection with its vectors in a Chroma server; put there once."""
    settings = settings_of(home, passages)
    other = settings.override(home=home / f"{passages}-server")
    with chroma_server(other.home / "server", PORT) as url:
        other = other.override(chroma_url=url)
        if not (other.home / FILE_NAME).exists():
            with (
                closing(sqlite3.connect(settings.home / FILE_NAME)) as given,
                closing(sqlite3.connect(other.home / FILE_NAME)) as copy,
            ):
                given.backup(copy)
        with Store(other) as store, store.get(NAME).writer(wait_s=5):
            pass
        yield other


def main(home: Path, passages: int, sessions: int = 16) -> dict[str, object]:
    """Measures the four ways."""
    embedded = settings_of(home, passages)
    figures: dict[str, object] = {
        "sessions": sessions,
        "embedded, threads": threads(embedded, sessions),
        "embedded, commands": commands(embedded, sessions),
    }
    with served(home, passages) as settings:
        figures["server, threads"] = threads(settings, sessions)
        figures["server, commands"] = commands(settings, sessions)
    return figures


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), *map(int, sys.argv[2:]))))
