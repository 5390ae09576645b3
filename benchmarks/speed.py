"""Retrieval in large collections: time, memory, disk, recall of the index, many sessions at once.

    RAG_CACHE=FOLDER .venv/bin/python benchmarks/speed.py --home FOLDER [PASSAGES …]

Real passages (``speed_texts.py``) with real vectors of ``static:minilm`` (512 numbers; the bundled
model would take hours to make them). A search embeds the question by the bundled model too, so its
time and memory count. The collections are kept in ``--home`` and taken up there; each size given is
measured anew and takes the place of its older figures. 10,000 and 100,000 take a quarter of an
hour, 1,000,000 some hours and 12 GB. Let nothing else run beside it, or say so with ``--beside``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from measure import RESULTS, ROOT, run, save

SIZES = (10_000, 100_000)
SESSIONS_ON = 10_000
FILTERS = ("folder=cranfield", "folder=scifact")
"""One that a tenth of the passages pass, and one that four tenths do."""


def _script(name: str, *arguments: object) -> tuple[dict[str, object], float]:
    """What a script of this folder prints last, and its peak memory."""
    path = str(ROOT / "benchmarks" / f"{name}.py")
    done = run([sys.executable, path, *map(str, arguments)])
    return dict(json.loads(done.output.splitlines()[-1])), done.peak_mb


def _size_on_disk(folder: Path) -> int:
    return round(sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) / 2**20)


def measured(home: Path, passages: int, questions: int, rounds: int) -> dict[str, object]:
    """Everything about one size."""
    built, _ = _script("speed_build", home, passages)
    found, _ = _script("speed_ask", home, passages, questions, rounds, *FILTERS)
    folder = home / f"{passages}"
    disk = {"catalog_mb": _size_on_disk(folder) - _size_on_disk(folder / "chroma")}
    return {
        "built": built,
        "disk": disk | {"vector_index_mb": _size_on_disk(folder / "chroma")},
        **found,
    }


def main() -> None:
    """Measures the sizes that are named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, metavar="PASSAGES")
    parser.add_argument("--home", type=Path, required=True, help="folder of the collections")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--beside", default="nothing", help="what else ran on the machine")
    given = parser.parse_args()
    kept = RESULTS / "speed.json"
    figures = json.loads(kept.read_text())["figures"] if kept.exists() else {}
    for passages in given.sizes:
        figures[str(passages)] = {"beside": given.beside} | measured(
            given.home, passages, given.questions, given.rounds
        )
        if passages == SESSIONS_ON:
            sessions, _ = _script("speed_sessions", given.home, passages)
            figures["sessions at once"] = {"beside": given.beside, "passages": passages} | sessions
        save("speed", "python benchmarks/speed.py --home FOLDER [PASSAGES …]", figures)


if __name__ == "__main__":
    main()
