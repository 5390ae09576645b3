"""An answer being written: in a thread of its own, so that a page may come, go or stop it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

from rag_app.errors import RagError
from rag_app.types import Answer, AnswerEvent, AnswerToken
from rag_app.ui.records import AnswerRecord, record_of

UNEXPECTED = (
    "Something went wrong inside the application, and there is no answer. "
    "Ask again; the log of rag serve says more."
)
STOPPED = "You stopped this answer before its end."

_log = logging.getLogger(__name__)


class Generation:
    """One answer on its way.

    ``events`` is called in a thread and may take its time; what it yields is collected here, and
    ``save`` is called exactly once: with the answer, with what was written until ``stop``, or with
    the sentence of an error. After ``stop`` the thread is left to end by itself, so that the
    reader never waits for a slow model.

    Attributes:
        finished: Set when there is nothing more to wait for.
        unsaved: Why the answer could not be kept, once it has ended; empty otherwise.

    Args:
        question: As it was asked.
        events: Opens the assistant and streams; gets the function that says whether to stop.
        save: Keeps the record.
        llm: Spec of the answerer, for what is shown while it writes.
    """

    def __init__(
        self,
        question: str,
        events: Callable[[Callable[[], bool]], Iterator[AnswerEvent]],
        save: Callable[[AnswerRecord], None],
        llm: str,
    ) -> None:
        self.question = question
        self.llm = llm
        self.started = time.monotonic()
        self.finished = threading.Event()
        self.unsaved = ""
        self._events = events
        self._save = save
        self._pieces: list[str] = []
        self._stopping = threading.Event()
        self._saved = False
        self._lock = threading.Lock()

    @property
    def text(self) -> str:
        """What has been written so far."""
        return "".join(self._pieces)

    def start(self) -> None:
        """Begins writing."""
        threading.Thread(target=self._run, name="answer", daemon=True).start()

    def stop(self) -> None:
        """Ends the answer now and keeps what was written."""
        self._stopping.set()
        self._finish(self._partial(stopped=True, notices=(STOPPED,)))

    def _run(self) -> None:
        record = self._partial(error=UNEXPECTED)
        try:
            record = self._collect()
        except RagError as error:
            record = self._partial(error=str(error))
        except Exception:  # noqa: BLE001 - an edge: whatever went wrong, the reader is told
            _log.exception("The answer to a question failed.")
            record = self._partial(error=UNEXPECTED)
        finally:
            self._finish(record)

    def _collect(self) -> AnswerRecord:
        record = self._partial(error=UNEXPECTED)
        for event in self._events(self._stopping.is_set):
            if isinstance(event, AnswerToken):
                self._pieces.append(event.text)
            elif isinstance(event, Answer):
                record = record_of(event)
        return record

    def _partial(
        self, *, error: str = "", stopped: bool = False, notices: tuple[str, ...] = ()
    ) -> AnswerRecord:
        return AnswerRecord(
            text=self.text, llm=self.llm, error=error, stopped=stopped, notices=notices
        )

    def _finish(self, record: AnswerRecord) -> None:
        with self._lock:
            if self._saved:
                return
            self._saved = True
        try:
            self._save(record)
        except Exception as error:  # noqa: BLE001 - an edge, as above
            _log.exception("An answer could not be kept.")
            said = str(error) if isinstance(error, RagError) else "The log of rag serve says more."
            self.unsaved = f"The answer was written and could not be kept. {said}"
        finally:
            self.finished.set()
