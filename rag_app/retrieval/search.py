"""A question to ranked passages: dense and keyword search, ranked as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.errors import UsageError
from rag_app.retrieval.fuse import Ranking, in_order
from rag_app.retrieval.rank import Order
from rag_app.retrieval.rankers import CONVEX, ranker_for
from rag_app.types import Filter, Hit

if TYPE_CHECKING:
    from rag_app.store import Collection

CANDIDATES = 50
"""Length of each list before they are ranked as one."""

QUESTION_CHARACTERS = 2000
"""Longer questions are cut: no embedding model here reads more of one."""


_FEW = 3
"""Documents that a question names are looked into if they are no more than these."""

_NO_KNOWN_WORD = (
    "The embedding model knows no word of the question; it was searched for by keywords only."
)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found.

    Attributes:
        question: As it was searched for: white space joined, cut if it was very long.
        vector: The question's embedding.
        hits: Best first, at most k.
        order: All passages that were ranked, and how.
        timings: Seconds by stage: ``embed`` and ``search``.
        notices: Sentences that the reader should know.
    """

    question: str
    vector: Vectors
    hits: tuple[Hit, ...]
    timings: dict[str, float]
    order: Order
    notices: tuple[str, ...] = ()


class Searcher:
    """Searches one collection.

    Args:
        collection: Where to search.
        embeddings: The collection's own model.
        candidates: Length of each list before they are ranked as one (never below k).
        fusion: How they are ranked as one: a name in ``rag_app.retrieval.rankers``.

    Raises:
        UsageError: There is no such fusion.
    """

    def __init__(
        self,
        collection: Collection,
        embeddings: IdentifiedEmbeddings,
        *,
        candidates: int = CANDIDATES,
        fusion: str = CONVEX,
    ) -> None:
        self.collection = collection
        self.embeddings = embeddings
        self._candidates = candidates
        self._ranker = ranker_for(fusion)

    def search(self, question: str, k: int, where: Filter | None = None) -> SearchResult:
        """Finds the k best passages.

        Args:
            question: In any words.
            k: Number of passages; fewer come back from a smaller collection.
            where: Which passages to look at; all of them unless given.

        Raises:
            UsageError: The question has no letter and no digit, k is below 1, or the filter is
                something else.
        """
        text, notices = clean_question(question)
        check_number(k)
        _check_filter(where)
        started = perf_counter()
        vector = self.embeddings.encode_query(text)
        if not vector.any():
            notices = (*notices, _NO_KNOWN_WORD)
        embedded = perf_counter()
        order, hits = self._found(text, vector, k, where)
        timings = {"embed": embedded - started, "search": perf_counter() - embedded}
        return SearchResult(text, vector, hits, timings, order, notices)

    def _found(
        self, text: str, vector: Vectors, k: int, where: Filter | None
    ) -> tuple[Order, tuple[Hit, ...]]:
        n = max(k, self._candidates)
        dense, keywords = self._lists(text, vector, n, where)
        named = self._named(text, dense, keywords)
        if inside := self._named_best(named, where):
            more = self._lists(text, vector, n, inside)
            dense, keywords = _joined(dense, more[0]), _joined(keywords, more[1])
            named = self._named(text, dense, keywords)
        nearness = partial(self.collection.nearness, text)
        order = self._ranker.rank(vector, dense, keywords, nearness, self.collection.vectors, named)
        cosines, bm25 = dict(dense), dict(keywords)
        best = order.passages[:k]
        found = self.collection.fetch([one.id for one in best])
        # A passage deleted between the search and the fetch is not a hit.
        return order, tuple(
            Hit(*found[one.id], one.score, cosines.get(one.id), bm25.get(one.id), one.convex)
            for one in best
            if one.id in found
        )

    def _lists(
        self, text: str, vector: Vectors, n: int, where: Filter | None
    ) -> tuple[Ranking, Ranking]:
        """The two lists, dense and keywords."""
        return (
            self.collection.search_dense(vector, n, where),
            self.collection.search_keywords(text, n, where),
        )

    def _named(self, text: str, dense: Ranking, keywords: Ranking) -> Mapping[str, float]:
        """How far the question names the documents of some passages, where that counts."""
        if not self._ranker.by_names:
            return {}
        return self.collection.naming(text, {id_ for one in (dense, keywords) for id_, _ in one})

    def _named_best(self, named: Mapping[str, float], where: Filter | None) -> Filter | None:
        """The documents to look into once more: the few that the question names best.

        Their passages need not be in lists that all documents compete for.
        """
        if not named or (where and where.documents):
            return None
        most = max(named.values())
        best = self.collection.fetch(id_ for id_, share in named.items() if share == most)
        documents = {chunk.document_id for chunk, _ in best.values()}
        if not 0 < len(documents) <= _FEW:
            return None
        return replace(where or Filter(), documents=tuple(sorted(documents)))


def _joined(some: Ranking, more: Ranking) -> Ranking:
    """One list from two with scores of one kind."""
    return in_order(dict(some) | dict(more))


def check_number(k: int) -> None:
    """Refuses a number of passages that is none.

    Raises:
        UsageError: It is below 1.
    """
    if k < 1:
        raise UsageError(f"k is {k}; ask for at least 1 passage.")


def _check_filter(where: object) -> None:
    if where is not None and not isinstance(where, Filter):
        raise UsageError(
            f"{where!r:.80} is no filter. Give a Filter, such as Filter.parse(['type=pdf'])."
        )


def clean_question(question: str) -> tuple[str, tuple[str, ...]]:
    """The question as it is searched for, and what to tell of it.

    Raises:
        UsageError: It has no letter and no digit.
    """
    text = " ".join(question.encode("utf-8", "replace").decode().replace("\0", " ").split())
    if not any(character.isalnum() for character in text):
        raise UsageError("The question is empty. Ask something in words.")
    if len(text) <= QUESTION_CHARACTERS:
        return text, ()
    notice = (
        f"The question has {len(text):,} characters; "
        f"only the first {QUESTION_CHARACTERS:,} were searched for."
    )
    return text[:QUESTION_CHARACTERS], (notice,)
