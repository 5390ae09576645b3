"""What a user of ``python:module:factory`` might write."""

from __future__ import annotations

from langchain_core.embeddings import Embeddings


class Letters(Embeddings):
    """Counts letters; zero for a text without any."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(text.lower().count(chr(97 + n))) for n in range(26)] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


class Telling(Letters):
    """Says of itself what it can."""

    max_tokens = 64
    fingerprint = "second training"
    languages = ("en", "es")
    destination = "vectors.example.com"

    def count_tokens(self, texts: list[str]) -> list[int]:
        return [len(text) for text in texts]


class Odd(Letters):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[1.0], [1.0, 2.0]]


class Failing(Letters):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise KeyError("the vectors are gone")


ready = Letters()
nothing = None


def factory() -> Embeddings:
    return Letters()


def broken() -> Embeddings:
    raise OSError("no such file: weights.bin")


def greedy(folder: str) -> Embeddings:
    return Letters()


def wrong() -> object:
    return {"not": "embeddings"}
