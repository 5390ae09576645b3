"""Rerankers for tests: a tiny cross-encoder with random weights, and LangChain compressors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document

WORDS = ("the", "pump", "heron", "warranty", "months", "date", "company", "price", "seals", "mains")


def save_cross_encoder(folder: Path, labels: int = 1) -> Path:
    """Writes a BERT of two small layers; the same weights every time."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    letters = [*"abcdefghijklmnopqrstuvwxyz0123456789", *(f"##{c}" for c in "abcdefghijklmnopqrs")]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *WORDS]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(dict.fromkeys(vocabulary)) + "\n")
    inner = BertWordPieceTokenizer(str(folder / "vocab.txt"))
    BertTokenizerFast(tokenizer_object=inner._tokenizer, model_max_length=128).save_pretrained(
        folder
    )
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(dict.fromkeys(vocabulary)),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        num_labels=labels,
        initializer_range=0.5,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


class Backwards(BaseDocumentCompressor):
    """The last passage first."""

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        return documents[::-1]


class Shouting(BaseDocumentCompressor):
    """Two passages, in capitals."""

    destination: str = "rerank.example.com"

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        return [
            Document(document.page_content.upper(), metadata=document.metadata)
            for document in documents[1:3]
        ]


class Inventing(BaseDocumentCompressor):
    """A document that was not given."""

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        return [Document("I was never there.")]


class Failing(BaseDocumentCompressor):
    """A fault of its own."""

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        raise ZeroDivisionError("division by nothing")


RELEASE = Event()


class Slow(BaseDocumentCompressor):
    """Is not done before a test lets it."""

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        RELEASE.wait(60)
        return documents[::-1]


def no_compressor() -> str:
    """A factory that gives something else."""
    return "hello"
