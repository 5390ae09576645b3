"""From a question to an answer: search, weigh the evidence, answer or abstain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Self

from rag_app.answering.abstain import abstention
from rag_app.answering.chat_model import EXTRACTIVE, llm_destination, load_chat_model
from rag_app.answering.condense import stand_alone
from rag_app.answering.explain import Explanation, explain
from rag_app.answering.extractive import quote_best
from rag_app.answering.generative import Generated, Generator
from rag_app.answering.opening import open_parts
from rag_app.answering.rank import Findings, find
from rag_app.answering.reader import load_reader
from rag_app.answering.relevance import FITTED_HITS, answer_probability
from rag_app.answering.reread import Readings, readings_of, reread
from rag_app.answering.steps import steps_destination, steps_for
from rag_app.embeddings.base import IdentifiedEmbeddings
from rag_app.retrieval.nothing import nothing_passes
from rag_app.retrieval.search import Searcher, clean_question
from rag_app.retrieval.steps import Steps
from rag_app.settings import Settings
from rag_app.types import Answer, AnswerEvent, AnswerToken, Filter, Turn

if TYPE_CHECKING:
    from rag_app.store import Collection, Store

LLM_LENIENCE = 0.3
"""A language model answers from passages that share few words with the question, and says itself
when they do not tell; it is asked unless the probability is below this share of the threshold."""


class Assistant:
    """Answers questions about one collection.

    Args:
        collection: Where to search; it must hold passages.
        embeddings: The collection's own model.
        settings: Which answerer, how many passages, when to abstain.
    """

    def __init__(
        self, collection: Collection, embeddings: IdentifiedEmbeddings, settings: Settings
    ) -> None:
        self.collection = collection
        self.embeddings = embeddings
        self.settings = settings
        self.load_seconds = 0.0
        self._searcher = Searcher(collection, embeddings, fusion=settings.fusion)
        self._generator: Generator | None = None
        self._steps: Steps | None = None

    @classmethod
    def open(cls, settings: Settings, store: Store | None = None) -> Self:
        """Opens the collection and the model that ``settings`` name, side by side.

        Args:
            settings: Names the collection, the embedding model and the answerer.
            store: An open store; one is opened from ``settings`` otherwise, for as long as the
                process lives.

        Raises:
            CollectionNotFoundError: There is no such collection.
            StoreError: It is empty, or cannot be read.
            EmbeddingError: Its model cannot be loaded, or ``settings`` name another.
        """
        started = perf_counter()
        assistant = cls(*open_parts(settings, store), settings)
        assistant.load_seconds = perf_counter() - started
        return assistant

    @property
    def destination(self) -> str | None:
        """The hosts that would receive text, for the notice; None when all stays here."""
        return _named(llm_destination(self.settings), self.search_destination)

    @property
    def search_destination(self) -> str | None:
        """The same for a search alone, which no answer follows."""
        return _named(self.embeddings.destination, steps_destination(self.settings))

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        k: int | None = None,
        where: Filter | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Answer:
        """The finished answer; see ``stream``."""
        answer: Answer | None = None
        for event in self.stream(
            question, history=history, k=k, where=where, should_stop=should_stop
        ):
            if isinstance(event, Answer):
                answer = event
        assert answer is not None  # noqa: S101 - stream ends with one
        return answer

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        k: int | None = None,
        where: Filter | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> Iterator[AnswerEvent]:
        """Yields ``AnswerToken``s, then exactly one ``Answer``.

        The tokens are as the answerer writes them; the ``Answer`` has the checked text.

        Args:
            question: In any words; a follow-up may lean on ``history``.
            history: Earlier turns, oldest first.
            k: Number of passages; the setting ``top_k`` unless given.
            where: Which passages to look at; all of them unless given.
            should_stop: Asked between two pieces of a language model's answer.

        Raises:
            UsageError: The question is empty, or k is below 1.
            AnswerError: The language model cannot be loaded or does not answer.
            EmbeddingError: The embedding model does not answer.
        """
        started = perf_counter()
        cleaned, notices = clean_question(question)
        generator = self._load_generator()
        rewrite = generator.complete if generator else None
        searched_for = stand_alone(cleaned, history, rewrite)
        k = self.settings.top_k if k is None else k
        searching = perf_counter()
        found = find(self._searcher, searched_for, k, where, self._taken_steps(generator))
        result = Generated("", abstained=True)
        for event in self._answer(cleaned, found, generator, history, should_stop):
            if isinstance(event, AnswerToken):
                yield event
            else:
                result = event
        if result.abstained:
            text = self._abstention(found, where)
            result = replace(result, text=text)
            yield AnswerToken(text)
        now = perf_counter()
        yield Answer(
            question=question,
            searched_for=found.search.question,
            text=result.text,
            abstained=result.abstained,
            citations=result.citations,
            hits=found.hits,
            collection=self.collection.name,
            embedding=self.embeddings.identity.spec,
            llm=self.settings.llm,
            timings={
                "load": self.load_seconds,
                **found.timings,
                "answer": now - searching - sum(found.timings.values()),
                "total": now - started + self.load_seconds,
            },
            notices=(*notices, *found.notices, *result.notices),
            stopped=result.stopped,
        )

    def explain(
        self, question: str, *, k: int | None = None, where: Filter | None = None
    ) -> Explanation:
        """Why each passage for ``question`` stands where it does.

        Raises:
            UsageError: The question is empty, or k is below 1.
            EmbeddingError: The embedding model does not answer.
            RerankError: The reranker cannot be loaded.
        """
        steps = self._taken_steps(self._load_generator() if self.settings.rerank else None)
        k = self.settings.top_k if k is None else k
        found = find(self._searcher, question, k, where, steps)
        return explain(self._searcher, found, self._readings(found), where)

    def _taken_steps(self, generator: Generator | None) -> Steps:
        if self._steps is None:
            complete = generator.complete if generator else None
            self._steps = steps_for(self.settings, self.collection, complete)
        return self._steps

    def _load_generator(self) -> Generator | None:
        if self.settings.llm == EXTRACTIVE:
            return None
        if self._generator is None:
            self._generator = Generator(load_chat_model(self.settings), self.settings)
        return self._generator

    def _answer(
        self,
        question: str,
        found: Findings,
        generator: Generator | None,
        history: Sequence[Turn],
        should_stop: Callable[[], bool] | None,
    ) -> Iterator[AnswerToken | Generated]:
        """Answers; yields nothing at all when the evidence is too weak to try."""
        readings = self._readings(found)
        probability = answer_probability(found.first, self.embeddings.identity.spec, readings)
        threshold = self.settings.abstain_below
        if generator is not None and probability >= threshold * LLM_LENIENCE:
            yield from generator.answer(question, found.hits, history, should_stop)
        elif generator is None and probability >= threshold:
            read = reread(found.chosen, readings)
            text, citations = quote_best(read, self.settings.answer_sentences)
            yield AnswerToken(text)
            yield Generated(text, citations=citations)

    def _readings(self, found: Findings) -> Readings:
        """What the reader says of the passages; a language model reads them itself."""
        if self.settings.llm != EXTRACTIVE:
            return {}
        hits = (*found.first.hits[:FITTED_HITS], *found.chosen.hits)
        return readings_of(found.search.question, hits, load_reader(self.settings))

    def _abstention(self, found: Findings, where: Filter | None) -> str:
        if said := nothing_passes(self.collection, where):
            return said
        searched = self.collection.passing(where).documents
        unknown = found.first.question.unknown_codes
        return abstention(self.collection.name, searched, found.hits, unknown)


def _named(*hosts: str | None) -> str | None:
    return " and ".join(dict.fromkeys(host for host in hosts if host)) or None
