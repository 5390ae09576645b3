"""From a question to ranked passages."""

from rag_app.retrieval.search import Searcher, SearchResult

__all__ = ["SearchResult", "Searcher"]
