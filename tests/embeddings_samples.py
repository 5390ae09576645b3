"""What the tests of embedding models share: settings, a tiny real model, odd servers."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np

from rag_app.answering.reader import reader_export
from rag_app.embeddings.base import IdentifiedEmbeddings
from rag_app.embeddings.minilm import IDENTITIES
from rag_app.embeddings.minilm_files import encoder_export, ensure, is_ready
from rag_app.embeddings.words import folded_words
from rag_app.settings import Settings, load_settings
from rag_app.types import EmbeddingIdentity


def prepared_cache(folder: Path) -> Path:
    """A cache folder of its own that already holds the exported bundled models.

    The files come from the installation's cache, or are made once for all test runs.
    """
    own = Settings(cache=Path(tempfile.gettempdir()) / f"rag-app-tests-{os.getuid()}")
    (folder / "models").mkdir(parents=True, exist_ok=True)
    exports = [partial(encoder_export, precision=precision) for precision in IDENTITIES]
    for export in (*exports, reader_export):
        shared = Settings() if is_ready(export(Settings()).path) else own
        source = ensure(export(shared), lambda _: None, thorough=shared is own)
        for file in (source, source.with_name(source.name + ".json")):
            target = folder / "models" / file.name
            if not target.exists():
                target.symlink_to(file)
    return folder


def settings_in(folder: Path, **values: object) -> Settings:
    """Settings that keep everything in ``folder`` and know nothing of this machine's variables."""
    flags = {"home": folder / "home", "cache": prepared_cache(folder / "cache"), **values}
    return load_settings(flags, environ={})


class CountingEmbeddings(IdentifiedEmbeddings):
    """Deterministic vectors from the bytes of a text; remembers what it was asked."""

    def __init__(self, **identity: object) -> None:
        values = {"spec": "counting", "fingerprint": "f", "dimension": 8, "max_tokens": 100}
        self._identity = EmbeddingIdentity(**{**values, **identity})
        self.asked: list[str] = []

    @property
    def identity(self) -> EmbeddingIdentity:
        return self._identity

    def _embed(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        seeds = [[*text.encode("utf-8", "surrogatepass")] or [0] for text in texts]
        return np.stack(
            [
                np.random.default_rng(seed).normal(size=self._identity.dimension).astype("f4")
                for seed in seeds
            ]
        )

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]


def make_tiny_model(folder: Path, prompts: dict[str, str] | None = None) -> Path:
    """Saves a sentence-transformers model with random weights: 2 layers, 32 dimensions."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz0123456789"]
    words += [f"##{sign}" for sign in words[5:]]
    bert = folder / "bert"
    bert.mkdir(parents=True)
    (bert / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    BertTokenizerFast(vocab=str(bert / "vocab.txt"), model_max_length=64).save_pretrained(bert)
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(bert)
    module = Transformer(str(bert), max_seq_length=48)
    pooling = Pooling(module.get_embedding_dimension())
    model = SentenceTransformer(modules=[module, pooling], prompts=prompts or {}, device="cpu")
    model.save(str(folder / "model"))
    return folder / "model"


def corpus() -> list[str]:
    """A small text in several languages, enough to train on: 1,600 words in 100 passages."""
    things = ("warranty", "pump", "filter", "invoice", "garantía", "Motor", "battery", "насос")
    acts = ("lasts", "needs", "cleans", "covers", "dura", "hält", "repairs", "служит")
    times = ("years", "months", "weeks", "hours", "años", "Jahre", "days", "года")
    return [
        f"The {things[i % 8]} {acts[(i // 3) % 8]} two {times[(i // 5) % 8]}. A word on the "
        f"{things[(i + 1) % 8]}: it {acts[(i + 2) % 8]} for {i} {times[i % 8]}, 保修期 {i % 7}."
        for i in range(100)
    ]


def trained_home(folder: Path) -> tuple[Settings, dict[str, str]]:
    """Tiny models of every family that is fitted, trained or read from a file of word vectors.

    Returns:
        Settings to load them with, and the spec of each by a short name. Takes two seconds.
    """
    from rag_app.embeddings import train

    settings = settings_in(folder)
    small = "dimension=48&epochs=3"
    kinds = ("ordinal", "onehot", "bow", "tfidf", f"word2vec?{small}")
    kinds += (f"word2vec?sg=0&{small}", f"fasttext?buckets=1000&{small}")
    names = ("ordinal", "onehot", "bow", "tfidf", "word2vec", "cbow", "fasttext")
    specs = {
        name: train(kind, corpus(), settings, name, about="samples")
        for kind, name in zip(kinds, names, strict=True)
    }
    file = word_vector_file(folder / "vectors.txt")
    return settings, specs | {"glove-file": f"glove:{file}", "word2vec-file": f"word2vec:{file}"}


def word_vector_file(path: Path, dimension: int = 48, *, header: bool = False) -> Path:
    """Writes random vectors for the words of ``corpus`` as text, the most frequent first."""
    words = Counter(folded_words(" ".join(corpus()))).most_common()
    numbers = np.random.default_rng(3).normal(size=(len(words), dimension))
    lines = [
        f"{word} {' '.join(f'{x:.5f}' for x in row)}"
        for (word, _), row in zip(words, numbers, strict=True)
    ]
    start = [f"{len(words)} {dimension}"] if header else []
    path.write_text("\n".join(start + lines) + "\n", encoding="utf-8")
    return path


Reply = Callable[[dict[str, object], str], tuple[int, object]]
"""From a request's body and its key to a status and an answer."""


@contextmanager
def json_server(reply: Reply) -> Iterator[str]:
    """A small real HTTP server on loopback; yields its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, answer = reply(body, key)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            del args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


def vectors_answer(texts: Sequence[str], dimension: int) -> dict[str, object]:
    """The protocol's answer: for each text a vector that starts with its length."""
    data = [
        {"object": "embedding", "index": index, "embedding": [len(text) + 1.0] + [1.0] * dimension}
        for index, text in enumerate(texts)
    ]
    for row in data:
        row["embedding"] = row["embedding"][:dimension]  # type: ignore[index]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return {"object": "list", "data": data, "model": "m", "usage": usage}
