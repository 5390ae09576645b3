"""A switch of a 10,000-passage collection, killed at 20 random moments while others ask.

    .venv/bin/python benchmarks/switch_kill.py [--to SPEC] [--passages N] [--kills N] [--seed N]

The real command ``rag switch`` is killed with SIGKILL; another process asks the same collection
without a pause, in one index that it keeps open and in the one of that name at the moment. At the
end documents, passages and vectors are compared one by one with what they must be.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TextIO

import numpy as np
from measure import BIN, ROOT, save
from switch_asker import NAME, NEW, OLD

from ingest.chunk import contextual_text
from rag_app.embeddings import load_embeddings
from rag_app.settings import Settings, load_settings
from rag_app.store import Store


def make(settings: Settings, passages: int) -> None:
    """Ingests files until the collection has so many passages."""
    from corpora import scifact, squad

    from ingest import ingest_paths

    folder = settings.home / "texts"
    folder.mkdir(parents=True)
    documents = [*scifact().documents, *squad().documents]
    for number in range(0, len(documents), 4):
        text = "\n\n".join(one.text for one in documents[number : number + 4])
        (folder / f"{number:05d}.txt").write_text(text)
    files = sorted(folder.iterdir())
    made = settings.override(embedding=OLD, chunk_tokens=64)
    for first in range(0, len(files), 100):
        ingest_paths(files[first : first + 100], made, collection=NAME)
        with Store(settings) as store:
            if store.get(NAME).info.chunks >= passages:
                return
    raise SystemExit("The corpora have too few passages.")


def state(settings: Settings) -> list[tuple[object, ...]]:
    """Documents with sources, titles, times and passages."""
    with Store(settings) as store:
        live = store.get(NAME)
        return [
            (r.id, r.sources, r.title, r.added_at, [c.text for c in live.chunks(r.id)])
            for r in live.documents()
        ]


def wrong(settings: Settings, expected: list[tuple[object, ...]]) -> list[str]:
    """What is not as it must be."""
    problems = [] if state(settings) == expected else ["documents or passages differ"]
    with Store(settings) as store:
        problems += store.check()
        live = store.get(NAME)
        model = load_embeddings(live.info.embedding.spec, settings)
        seen: list[str] = []
        for record in live.documents():
            chunks = live.chunks(record.id)
            seen += [chunk.id for chunk in chunks]
            vectors = live.vectors([chunk.id for chunk in chunks])
            made = model.encode_documents([contextual_text(chunk) for chunk in chunks])
            if not np.allclose([vectors[chunk.id] for chunk in chunks], made, atol=1e-5):
                problems.append(f"vectors of {record.name} are of another model")
        if len(seen) != len(set(seen)):
            problems.append("passages are doubled")
    return problems


def switch(home: Path, spec: str) -> subprocess.Popen[bytes]:
    """Starts the command."""
    command = [str(BIN / "rag"), "switch", NAME, "--to", spec, "--yes"]
    environ = os.environ | {"RAG_HOME": str(home)}
    return subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL, cwd=ROOT)


def duration(home: Path, spec: str) -> float:
    """Seconds of a switch that nobody disturbs."""
    start = time.perf_counter()
    if switch(home, spec).wait():
        raise SystemExit("rag switch failed.")
    return time.perf_counter() - start


def kill(home: Path, specs: list[str], kills: int, seed: int, whole_s: float) -> dict[str, object]:
    """Starts switches, one model after the other, and kills them at random moments."""
    chance = random.Random(seed)
    moments: list[float] = []
    completed, target = 0, 0
    with Store(load_settings({"home": home})) as store:
        while True:
            process, start = switch(home, specs[target]), time.perf_counter()
            delay = chance.uniform(0.2, 0.6 * whole_s)
            try:
                process.wait(delay if len(moments) < kills else None)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                moments.append(round(time.perf_counter() - start, 2))
                building = store.generations(NAME).get("next")
                print(
                    f"killed after {moments[-1]} s with {building.info.chunks if building else 0} "
                    f"passages of the next index; '{NAME}' is of "
                    f"{store.get(NAME).info.embedding.spec}",
                    flush=True,
                )
                continue
            if process.returncode:
                raise SystemExit(f"rag switch ended with {process.returncode}")
            completed, target = completed + 1, 1 - target
            if len(moments) == kills:
                break
    return {"killed_after_s": moments, "completed": completed}


def _last(reader: TextIO) -> tuple[list[str], dict[str, float]]:
    *lines, counts = reader.read().splitlines()
    return lines, json.loads(counts)


def main() -> None:
    """Makes the collection, kills, and compares."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--to", default=NEW)
    options.add_argument("--passages", type=int, default=10_000)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=20)
    given = options.parse_args()
    folder_of_models = Path(__file__).parent
    os.environ["PYTHONPATH"] = str(folder_of_models)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = load_settings({"home": home})
        make(settings, given.passages)
        whole_s = duration(home, given.to)
        duration(home, OLD)
        expected = state(settings)
        command = [sys.executable, str(folder_of_models / "switch_asker.py"), str(home), given.to]
        pipe = subprocess.PIPE
        reader = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        assert reader.stdin is not None
        assert reader.stdout is not None
        reader.stdout.readline()
        figures = kill(home, [given.to, OLD], given.kills, given.seed, whole_s)
        reader.stdin.close()
        failures, counts = _last(reader.stdout)
        figures |= {
            "passages": sum(len(document[4]) for document in expected),  # type: ignore[arg-type]
            "documents": len(expected),
            "undisturbed_s": round(whole_s, 1),
            "questions": counts,
            "failures": failures[:5],
            "wrong": wrong(settings, expected)[:5],
        }
    save("switch_kill", f"python {Path(__file__).relative_to(ROOT)}", figures)


if __name__ == "__main__":
    main()
