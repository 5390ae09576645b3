"""How much of this machine's arithmetic the bundled model uses, in both precisions.

    .venv/bin/python benchmarks/encoder_rate.py

The measure is the machine's own product of float32 matrices of the model's shape (as many rows as a
batch has tokens, times 384x1536), by NumPy's BLAS with all its threads and by ONNX Runtime with a
product on each core; the faster one counts. Against it stand the operations of the encoder, counted
from the lengths of its texts, the attention's own among them: on texts as long as the model reads,
and on the passages of an annual report as ingestion cuts them. All take turns, and the median of
their rounds is told, by the clock, and by the processor's time for a machine that others use as
well. Half a minute. Bar: 75 % in float32.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from measure import DATA, ROOT, save

from ingest.chunk import chunk_document, contextual_text
from ingest.limits import options_of
from ingest.messages import Reading
from ingest.reading import read_document
from ingest.target import chunking_for
from rag_app.embeddings.cores import threads
from rag_app.embeddings.minilm import IDENTITY, MiniLM
from rag_app.embeddings.minilm_files import ensure_onnx, model_folder
from rag_app.embeddings.onnx_encoder import Ids, OnnxEncoder
from rag_app.settings import Settings, load_settings

PDF = DATA / "financebench" / "pdfs" / "3M_2018_10K.pdf"
LAYERS, HIDDEN, WIDE = 6, 384, 1536
ROUNDS = 9
TEXTS = 32
"""In a round: half a second."""
ROWS = 2048

Rates = tuple[float, float]
"""GFLOP/s by the clock, and by the processor's time were it all for us."""


def operations(texts: Sequence[Ids]) -> float:
    """Multiplications and additions in the encoder."""
    weights = 2 * LAYERS * (4 * HIDDEN * HIDDEN + 2 * HIDDEN * WIDE)
    return sum(len(one) * weights + 4 * LAYERS * len(one) ** 2 * HIDDEN for one in texts)


def passages(encoder: OnnxEncoder, settings: Settings) -> list[Ids]:
    """Tokens of passages from the middle of a report."""
    model = MiniLM(encoder, "int8")
    reading = Reading(read_document(PDF, options_of(settings)))
    parts = (part.sections for part in reading.parts())
    chunking = chunking_for(settings, model.identity)
    opened = reading.opened
    chunks = chunk_document(opened.document_id, opened.media_type, parts, model, chunking)
    middle = chunks[len(chunks) // 3 :][: 2 * TEXTS]
    return list(encoder.tokenize([contextual_text(chunk) for chunk in middle]))


def product_session() -> Any:  # noqa: ANN401 - untyped library
    """One product of matrices in ONNX Runtime, on one core."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).normal(size=(HIDDEN, WIDE)).astype(np.float32)
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", HIDDEN])
    result = helper.make_tensor_value_info("result", TensorProto.FLOAT, ["n", WIDE])
    node = helper.make_node("MatMul", ["rows", "weights"], ["result"])
    constants = [numpy_helper.from_array(weights, "weights")]
    graph = helper.make_graph([node], "product", [rows], [result], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def contestants(settings: Settings) -> dict[str, tuple[Callable[[], object], float]]:
    """What takes turns, each with its operations."""
    cores = threads(settings)
    encoders = {
        precision: OnnxEncoder(
            ensure_onnx(settings, print, precision=precision),
            model_folder() / "tokenizer.json",
            IDENTITY.max_tokens,
            cores,
        )
        for precision in ("float32", "int8")
    }
    session, pool = product_session(), ThreadPoolExecutor(cores)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(ROWS, HIDDEN)).astype(np.float32)
    pieces = [{"rows": rows[first : first + 256]} for first in range(0, ROWS, 256)] * 16
    weights, result = (
        rng.normal(size=(HIDDEN, WIDE)).astype(np.float32),
        np.empty((ROWS, WIDE), np.float32),
    )
    size = 16 * 2.0 * ROWS * HIDDEN * WIDE

    def blas() -> None:
        for _ in range(16):
            np.matmul(rows, weights, out=result)

    full = [[101, *rng.integers(1996, 30000, IDENTITY.max_tokens - 2), 102] for _ in range(TEXTS)]
    real = passages(encoders["int8"], settings)
    found: dict[str, tuple[Callable[[], object], float]] = {
        "product_numpy": (blas, size),
        "product_onnxruntime": (
            lambda: list(pool.map(lambda piece: session.run(None, piece), pieces)),
            size,
        ),
    }
    for precision, encoder in encoders.items():
        for name, texts in (("full_length", full), ("passages", real)):
            found[f"{precision}_{name}"] = (
                lambda encoder=encoder, texts=texts: encoder.encode(texts),
                operations(texts),
            )
    return found


def measured(work: Callable[[], object], size: float, cores: int) -> Rates:
    """One round."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    by_clock = time.perf_counter() - clock
    by_processor = (time.process_time() - processor) / cores
    return size / by_clock / 1e9, size / by_processor / 1e9


def main() -> None:
    """Measures all in turns and saves rates and shares."""
    settings = load_settings()
    cores = threads(settings)
    all_work = contestants(settings)
    rounds: dict[str, list[Rates]] = {name: [] for name in all_work}
    for number in range(ROUNDS + 1):
        for name, (work, size) in all_work.items():
            rates = measured(work, size, cores)
            if number:  # the first one gets memory and threads
                rounds[name].append(rates)
    figures: dict[str, object] = {"threads": cores}
    for place, by in enumerate(("clock", "processor")):
        rate = {
            name: statistics.median(one[place] for one in all_) for name, all_ in rounds.items()
        }
        best = max(rate["product_numpy"], rate["product_onnxruntime"])
        figures[f"gflops_by_{by}"] = {name: round(value, 1) for name, value in rate.items()}
        figures[f"share_by_{by}"] = {
            name: round(value / best, 3) for name, value in rate.items() if "product" not in name
        }
    save("encoder_rate", f"python {Path(__file__).relative_to(ROOT)}", figures)


if __name__ == "__main__":
    main()
