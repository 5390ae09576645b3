"""What all browser sessions of this process share: the store, the models, the running work.

Streamlit runs each session in its own thread. Everything here may be used from any of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.errors import CollectionNotFoundError, UsageError
from rag_app.settings import Settings, load_settings
from rag_app.store import CollectionInfo, Conversations, Store
from rag_app.types import AnswerEvent, ChunkingIdentity, Filter, Turn
from rag_app.ui.generation import Generation
from rag_app.ui.launch import flags_of_this_process
from rag_app.ui.records import AnswerRecord
from rag_app.ui.upload import UploadJob

if TYPE_CHECKING:
    from rag_app.answering import Assistant
    from rag_app.answering.explain import Explanation

EXTRACTIVE = "extractive"


@dataclass(frozen=True, slots=True)
class Asking:
    """A question with all that it is asked with; ``limits`` says in words what ``where`` does."""

    question: str
    collection: str
    llm: str
    k: int
    where: Filter | None = None
    limits: tuple[str, ...] = ()


class Resources:
    """One for each process; opened from the settings in force."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings)
        self.conversations = Conversations(settings)
        self._assistants: dict[tuple[object, ...], Assistant] = {}
        self._opening = threading.Lock()
        self._generations: dict[int, Generation] = {}
        self._uploads: list[UploadJob] = []
        self._queueing = threading.Lock()

    def collections(self) -> list[CollectionInfo]:
        """All collections, in order of name."""
        return sorted(self.store.collections(), key=lambda info: info.name)

    def assistant(self, collection: str, llm: str) -> Assistant:
        """The assistant for a collection and an answerer; the first call loads the models.

        Raises:
            RagError: The collection is gone, or a model cannot be loaded.
        """
        from rag_app.answering import Assistant

        info = next((i for i in self.store.collections() if i.name == collection), None)
        if info is None:
            raise CollectionNotFoundError(
                f"There is no collection '{collection}' any more. Choose another one."
            )
        # A collection made anew under an old name may have another model: its identity counts.
        key = (collection, info.created_at, info.embedding, llm)
        with self._opening:
            if key not in self._assistants:
                settings = self.settings.override(collection=collection, llm=llm)
                self._assistants[key] = Assistant.open(settings, self.store)
            return self._assistants[key]

    def destination(self, collection: str | None, llm: str) -> str | None:
        """Hosts that would receive a question and its passages; None for this machine only.

        Loads no model.

        Raises:
            RagError: The answerer's spec or address is malformed.
        """
        from rag_app.answering.chat_model import llm_destination
        from rag_app.answering.steps import steps_destination

        settings = self.settings.override(llm=llm)
        hosts = [llm_destination(settings), steps_destination(settings)]
        if collection and self.store.exists(collection):
            spec = self.store.get(collection).info.embedding.spec
            hosts.append(self.embedding_destination(spec))
        return " and ".join(dict.fromkeys(host for host in hosts if host)) or None

    def embedding_destination(self, spec: str) -> str | None:
        """The host that would receive the text of documents; None for this machine."""
        from rag_app.embeddings import list_models, parse_spec
        from rag_app.embeddings.address import host_of, is_loopback

        try:
            parsed = parse_spec(spec)
        except UsageError:  # nothing is sent before somebody loads it, who says what is wrong
            return None
        if address := parsed.options.get("base_url"):
            return None if is_loopback(address) else host_of(address)
        for status in list_models(self.settings):
            if status.spec.partition(":")[0] == parsed.provider:
                return status.destination
        return None

    def create_collection(self, name: str, spec: str) -> None:
        """Makes an empty collection for an embedding model, which is loaded to know its identity.

        Raises:
            RagError: The name is taken or not possible, or the model cannot be loaded.
        """
        from rag_app.embeddings import load_embeddings

        settings = self.settings
        chunking = ChunkingIdentity(settings.chunk_tokens, settings.chunk_overlap)
        self.store.create(name, load_embeddings(spec, settings).identity, chunking)

    def generation(self, conversation_id: int | None) -> Generation | None:
        """The answer being written in a conversation."""
        if conversation_id is None:
            return None
        running = self._generations.get(conversation_id)
        if running is not None and running.finished.is_set():
            self._generations.pop(conversation_id, None)
            return None
        return running

    def ask(self, conversation_id: int, asking: Asking) -> Generation:
        """Starts to answer; the question is kept at once, the answer when it is there."""
        conversations = self.conversations
        history = tuple(
            Turn("user" if message.role == "user" else "assistant", message.text)
            for message in conversations.messages(conversation_id)
            if message.text
        )
        conversations.add(conversation_id, "user", asking.question, None)

        def save(record: AnswerRecord) -> None:
            where = tuple(asking.where.parts()) if asking.where else ()
            only = (f"Searched only in: {', '.join(asking.limits)}.",) if asking.limits else ()
            record = replace(record, k=asking.k, where=where, notices=(*only, *record.notices))
            conversations.add(conversation_id, "assistant", record.text, record.to_json())

        generation = Generation(asking.question, self._events(asking, history), save, asking.llm)
        self._generations[conversation_id] = generation
        generation.start()
        return generation

    def _events(
        self, asking: Asking, history: Sequence[Turn]
    ) -> Callable[[Callable[[], bool]], Iterator[AnswerEvent]]:
        def events(should_stop: Callable[[], bool]) -> Iterator[AnswerEvent]:
            return self.assistant(asking.collection, asking.llm).stream(
                asking.question,
                history=history,
                k=asking.k,
                where=asking.where,
                should_stop=should_stop,
            )

        return events

    def explain(self, record: AnswerRecord) -> Explanation:
        """Why the passages of an answer stand where they do, searched for once more.

        Raises:
            RagError: The collection is gone, or a model cannot be loaded or does not answer.
        """
        where = Filter.parse(record.where) if record.where else None
        assistant = self.assistant(record.collection, record.llm)
        return assistant.explain(record.searched_for, k=record.k or None, where=where)

    def uploads(self, collection: str) -> list[UploadJob]:
        """Uploads into a collection, the newest first: running, or finished and not dismissed."""
        return [job for job in reversed(self._uploads) if job.collection == collection]

    def uploading(self, collection: str) -> bool:
        """Whether an upload into a collection is running or waiting."""
        return any(not job.finished.is_set() for job in self.uploads(collection))

    def start_upload(self, job: UploadJob) -> None:
        """Starts ``job`` after those into the same collection that still run."""
        with self._queueing:
            job.start(after=next(iter(self.uploads(job.collection)), None))
            self._uploads.append(job)

    def dismiss_finished(self, collection: str) -> None:
        """Makes room for the next report; one that waits for a password stays."""
        for job in self.uploads(collection):
            if job.finished.is_set() and not job.locked:
                self.dismiss_upload(job)

    def dismiss_upload(self, job: UploadJob) -> None:
        """Forgets the outcome of an upload, and files of it that wait for a password."""
        with self._queueing:
            if job in self._uploads:
                self._uploads.remove(job)
        job.discard()


def resources() -> Resources:
    """The resources of this process.

    Raises:
        RagError: The settings are wrong, or the store cannot be opened.
    """
    settings = load_settings(flags_of_this_process())
    return _open(settings.model_dump_json(), settings)


@st.cache_resource(show_spinner=False, max_entries=2)
def _open(fingerprint: str, _settings: Settings) -> Resources:
    del fingerprint  # the cache's key; the settings themselves cannot be one
    return Resources(_settings)
