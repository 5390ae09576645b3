"""Commands in processes of their own that need not import anything: forked, not started.

Run as a script by ``cli_samples``. It imports what commands import, and then forks for each job
that comes on standard input: the child is a process with its own folder, variables, streams and
end, as ``python -m MODULE`` would be, a second or two sooner. What a cold start loads and costs is
tested elsewhere (test_guards.py, test_readme.py, test_offline.py).
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from importlib import import_module
from typing import NoReturn

# Not onnxruntime: it starts a thread when it is imported, which a child would not have.
IMPORTED = (
    "chromadb",
    "ingest.pipeline",
    "langchain_openai",
    "rag_app.answering.assistant",
    "rag_app.answering.generative",
    "rag_app.cli.app",
    "rag_app.embeddings",
    "rag_app.store",
    "rich.console",
    "tokenizers",
)


def serve() -> None:
    """Does one job after the other until the input ends; answers each with its exit status."""
    for name in IMPORTED:
        import_module(name)
    while line := sys.stdin.readline():
        job = json.loads(line)
        if (child := os.fork()) == 0:
            become(job)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def become(job: dict) -> NoReturn:
    """Is the command from here on, up to the end of the process."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        flags = os.O_RDWR if number else os.O_RDONLY
        file = os.open(job[name], flags)
        os.dup2(file, number)
        os.close(file)
        mode, encoding = "w" if number else "r", job["variables"].get("PYTHONIOENCODING", "utf-8")
        setattr(sys, name, open(number, mode, encoding=encoding, closefd=False))  # noqa: SIM115
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["variables"])
    sys.path[0] = job["folder"]
    sys.argv = [job["module"], *job["arguments"]]
    runpy.run_module(job["module"], run_name="__main__", alter_sys=True)
    sys.exit(0)


if __name__ == "__main__":
    serve()
