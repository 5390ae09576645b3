"""``python:package.module:factory``: any LangChain ``BaseDocumentCompressor`` of the user's.

The factory is called without arguments; a ready object does as well. Only the order and the choice
of the documents that it gives count: a text that it changes stays as it stands in its source, so
that it can be cited. An attribute ``destination`` (the host that it sends text to) is announced.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from rag_app.embeddings.user_code import made_by
from rag_app.errors import RerankError
from rag_app.retrieval.rerank import Needs, ShouldStop
from rag_app.types import Hit

if TYPE_CHECKING:
    from langchain_core.documents import BaseDocumentCompressor

NUMBER = "number"
"""Metadata that says which passage a document is, from 1."""


class Compressor:
    """Wraps a compressor.

    Attributes:
        destination: The host that it says it sends text to.
    """

    def __init__(self, inner: BaseDocumentCompressor) -> None:
        # Imported here, for their seconds are not the compressor's.
        from langsmith import tracing_context

        from rag_app.retrieval.retriever import to_document

        self._inner = inner
        self._tracing, self._document = tracing_context, to_document
        self.destination: str | None = getattr(inner, "destination", None)

    def order(self, question: str, hits: Sequence[Hit], should_stop: ShouldStop) -> list[int]:
        """As the compressor gives them; what it leaves out is dropped."""
        del should_stop  # one call, which cannot be stopped from outside
        documents = [self._document(hit) for hit in hits]
        for number, document in enumerate(documents, start=1):
            document.metadata[NUMBER] = number
        with self._tracing(enabled=False):  # nothing goes where the user did not send it
            given = self._inner.compress_documents(documents, question)
        numbers = [document.metadata.get(NUMBER) for document in given]
        order = list(dict.fromkeys(n - 1 for n in numbers if isinstance(n, int)))
        if len(order) < len(numbers) or not all(0 <= n < len(hits) for n in order):
            raise RerankError("it gives documents that are none of the passages, or one twice")
        if not order:
            raise RerankError("it leaves no passage")
        return order


def load(needs: Needs) -> Compressor:
    """Imports the module and calls the factory, once for each spec.

    Raises:
        UsageError: The spec is not ``python:module:factory``.
        RerankError: There is no such module or factory, it fails, or it gives something else.
    """
    return _loaded(needs.spec, needs.argument)


@lru_cache(maxsize=4)
def _loaded(spec: str, path: str) -> Compressor:
    from langchain_core.documents import BaseDocumentCompressor

    base = "BaseDocumentCompressor (langchain_core.documents.BaseDocumentCompressor)"
    return Compressor(made_by(spec, path, BaseDocumentCompressor, base, RerankError))  # type: ignore[type-abstract]
