"""The search as a LangChain retriever, for chains of other people.

In its own module: importing ``langchain_core.retrievers`` takes two seconds here, and no command
of ours needs it.
"""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from rag_app.retrieval.search import Searcher
from rag_app.types import Filter, Hit


class HybridRetriever(BaseRetriever):
    """Dense and keyword search, fused, as a ``BaseRetriever``.

    Attributes:
        searcher: Searches one collection.
        k: Number of passages.
        where: Which passages to look at; all of them unless given.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    searcher: Searcher
    k: int = Field(5, ge=1)
    where: Filter | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - the base class passes it
    ) -> list[Document]:
        found = self.searcher.search(query, self.k, self.where)
        return [to_document(hit) for hit in found.hits]


def to_document(hit: Hit) -> Document:
    """A hit as a LangChain document, its origin in the metadata."""
    chunk = hit.chunk
    return Document(
        id=chunk.id,
        page_content=chunk.text,
        metadata={
            "chunk_id": chunk.id,
            "document_id": chunk.document_id,
            "source": hit.document.source,
            "page": chunk.page,
            "start": chunk.start,
            "end": chunk.end,
            "headings": list(chunk.headings),
            "score": hit.score,
            "cosine": hit.cosine,
            "bm25": hit.bm25,
        },
    )
