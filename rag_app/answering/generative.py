"""The answer of a language model: streamed, and checked when it is complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

from rag_app.answering.abstain import is_abstention
from rag_app.answering.budget import fit
from rag_app.answering.chat_model import ChatModel
from rag_app.answering.citations import check_citations
from rag_app.answering.failures import explain
from rag_app.answering.prompt import build_messages
from rag_app.answering.streaming import stream_text
from rag_app.answering.tokens import token_counter
from rag_app.errors import AnswerError
from rag_app.settings import Settings
from rag_app.types import AnswerToken, Citation, Hit, Turn

STOPPED = "You stopped the answer before its end."
CUT_OFF = "The answer was cut off at {tokens} tokens. Raise RAG_LLM_ANSWER_TOKENS for longer ones."
_FULL = {"length", "max_tokens"}
"""Why an answer ended, in the words of providers, when it had reached what it was allowed."""
UNCITED = "The answer cites no passage: check it against the passages that were found."


@dataclass(frozen=True, slots=True)
class Generated:
    """A finished answer of a language model.

    Attributes:
        text: With checked marks; empty when the model says that the documents do not tell.
        abstained: Whether it says so.
        citations: In order of number.
        notices: Sentences that the reader should know.
        stopped: Whether the reader stopped it.
    """

    text: str
    abstained: bool = False
    citations: tuple[Citation, ...] = ()
    notices: tuple[str, ...] = ()
    stopped: bool = False


class Generator:
    """Answers with one chat model."""

    def __init__(self, chat: ChatModel, settings: Settings) -> None:
        self.chat = chat
        self._settings = settings
        self._where = chat.destination or chat.address or "this machine"

    def answer(
        self,
        question: str,
        hits: Sequence[Hit],
        history: Sequence[Turn] = (),
        should_stop: Callable[[], bool] | None = None,
    ) -> Iterator[AnswerToken | Generated]:
        """Yields the raw pieces, then exactly one ``Generated``.

        An answer that breaks off keeps what came, with a notice.

        Raises:
            AnswerError: Nothing came at all, or the prompt does not fit.
        """
        settings = self._settings
        fitted = fit(
            question,
            hits,
            history,
            count=self._counter(),
            context_tokens=settings.llm_context_tokens,
            answer_tokens=settings.llm_answer_tokens,
        )
        stop = _Latch(should_stop)
        messages = build_messages(question, fitted.hits, fitted.history)
        written: list[str] = []
        ended: list[str] = []
        notices = list(fitted.notices)
        try:
            for piece in stream_text(
                self.chat.model, messages, settings.llm_timeout_s, stop, ended.append
            ):
                written.append(piece)
                yield AnswerToken(piece)
        except Exception as error:
            fault = self._explained(error)
            if not "".join(written).strip():
                raise fault from error
            notices.append(f"The answer broke off. {fault}")
        if stop.stopped:
            notices.append(STOPPED)
        if any(reason.lower() in _FULL for reason in ended):
            notices.append(CUT_OFF.format(tokens=settings.llm_answer_tokens))
        yield self._finish("".join(written), fitted.hits, notices, stop.stopped)

    def complete(self, prompt: str, should_stop: Callable[[], bool] | None = None) -> str:
        """The whole answer to one prompt, for rewriting a question or ranking passages.

        Raises:
            AnswerError: The model does not answer.
        """
        from langchain_core.messages import HumanMessage

        settings = self._settings
        deadline = perf_counter() + settings.llm_timeout_s
        late = _Latch(
            lambda: perf_counter() > deadline or (should_stop is not None and should_stop())
        )
        try:
            pieces = stream_text(
                self.chat.model, [HumanMessage(prompt)], settings.llm_timeout_s, late
            )
            return "".join(pieces)
        except Exception as error:
            raise self._explained(error) from error

    def _counter(self) -> Callable[[str], int]:
        return token_counter(self.chat.spec.provider, self.chat.spec.model)

    def _explained(self, error: Exception) -> AnswerError:
        fault = explain(error, str(self.chat.spec), self._where, self._settings.llm_timeout_s)
        if fault is None:
            raise error
        return fault

    def _finish(
        self, text: str, hits: Sequence[Hit], notices: list[str], stopped: bool
    ) -> Generated:
        if not text.strip() and not stopped:
            raise AnswerError(
                f"The language model {self.chat.spec} gave an empty answer. Ask again, or in "
                "other words."
            )
        if is_abstention(text):
            return Generated("", abstained=True, notices=tuple(notices), stopped=stopped)
        checked = check_citations(text, hits)
        notices += checked.notices
        if not checked.citations and checked.text:
            notices.append(UNCITED)
        return Generated(
            checked.text,
            citations=checked.citations,
            notices=tuple(notices),
            stopped=stopped,
        )


class _Latch:
    """Asks whether to stop, and remembers that it was told so."""

    def __init__(self, should_stop: Callable[[], bool] | None) -> None:
        self._should_stop = should_stop
        self.stopped = False

    def __call__(self) -> bool:
        self.stopped = self.stopped or (self._should_stop is not None and self._should_stop())
        return self.stopped
