"""Conversations with a collection, kept across restarts in ``RAG_HOME/conversations.sqlite3``."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rag_app.errors import StoreError
from rag_app.settings import Settings
from rag_app.store.database import Database
from rag_app.store.markdown import to_markdown
from rag_app.store.messages import ConversationInfo, Feedback, StoredMessage
from rag_app.store.schema import Schema
from rag_app.types import Role

FILE_NAME = "conversations.sqlite3"
TITLE_LENGTH = 60

SCHEMA = Schema(
    version=1,
    statements=(
        """CREATE TABLE conversations (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            title TEXT NOT NULL,
            collection TEXT NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        )""",
        """CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
            role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
            text TEXT NOT NULL,
            answer TEXT,
            up INTEGER,
            comment TEXT NOT NULL DEFAULT '',
            created_at TEXT NOT NULL
        )""",
        "CREATE INDEX messages_conversation ON messages (conversation)",
    ),
)

_INFO = (
    "SELECT c.id, c.title, c.collection, c.created_at, c.updated_at,"
    " (SELECT count(*) FROM messages WHERE conversation = c.id) FROM conversations AS c"
)


class Conversations:
    """All conversations of one RAG_HOME. Usable from any number of threads and processes."""

    def __init__(self, settings: Settings) -> None:
        self._database = Database(settings.home / FILE_NAME, SCHEMA)

    def close(self) -> None:
        """Lets go of the file."""
        self._database.close()

    def create(self, collection: str) -> int:
        """Begins a conversation with a collection; its title comes with the first question."""
        moment = _now()
        with self._database.write() as connection:
            cursor = connection.execute(
                "INSERT INTO conversations (title, collection, created_at, updated_at)"
                " VALUES ('', ?, ?, ?)",
                (collection, moment, moment),
            )
        return int(cursor.lastrowid or 0)

    def list(self) -> list[ConversationInfo]:
        """All conversations, the one last written to first."""
        with self._database.read() as connection:
            rows = connection.execute(f"{_INFO} ORDER BY c.updated_at DESC, c.id DESC").fetchall()
        return [_info(row) for row in rows]

    def get(self, conversation_id: int) -> ConversationInfo:
        """One conversation.

        Raises:
            StoreError: There is none with this id.
        """
        with self._database.read() as connection:
            return _require(connection, conversation_id)

    def rename(self, conversation_id: int, title: str) -> None:
        """Gives a conversation another title; an empty one takes its first question again.

        Raises:
            StoreError: There is none with this id.
        """
        with self._changing(conversation_id, touch=False) as connection:
            row = connection.execute(
                "SELECT text FROM messages WHERE conversation = ? AND role = 'user'"
                " ORDER BY id LIMIT 1",
                (conversation_id,),
            ).fetchone()
            new = " ".join(title.split())[:200] or shorten(row[0] if row else "")
            connection.execute(
                "UPDATE conversations SET title = ? WHERE id = ?", (new, conversation_id)
            )

    def delete(self, conversation_id: int) -> None:
        """Deletes a conversation with its messages, if it is there."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))

    def add(
        self, conversation_id: int, role: Role, text: str, answer: dict[str, Any] | None = None
    ) -> int:
        """Adds a message.

        Args:
            conversation_id: Where to.
            role: Who wrote it.
            text: As it is shown.
            answer: What else belongs to an answer (its citations above all), as JSON values.

        Returns:
            Its id.

        Raises:
            StoreError: There is no such conversation.
        """
        with self._changing(conversation_id) as connection:
            cursor = connection.execute(
                "INSERT INTO messages (conversation, role, text, answer, created_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    conversation_id,
                    role,
                    text,
                    None if answer is None else json.dumps(answer, ensure_ascii=False),
                    _now(),
                ),
            )
            if role == "user":
                connection.execute(
                    "UPDATE conversations SET title = ? WHERE id = ? AND title = ''",
                    (shorten(text), conversation_id),
                )
        return int(cursor.lastrowid or 0)

    def messages(self, conversation_id: int) -> Sequence[StoredMessage]:
        """The messages in order; none if there is no such conversation."""
        with self._database.read() as connection:
            return _messages(connection, conversation_id)

    def give_feedback(self, message_id: int, up: bool | None, comment: str = "") -> None:
        """Keeps the reader's thumb and comment in place of earlier ones; None and "" take it back.

        Raises:
            StoreError: There is no such message.
        """
        with self._database.write() as connection:
            cursor = connection.execute(
                "UPDATE messages SET up = ?, comment = ? WHERE id = ?",
                (None if up is None else int(up), comment.strip(), message_id),
            )
            if not cursor.rowcount:
                raise StoreError(
                    f"There is no message {message_id}; its conversation may have been deleted. "
                    "Load the page again."
                )

    def export_markdown(self, conversation_id: int) -> str:
        """The whole conversation with its citations, as Markdown.

        Raises:
            StoreError: There is none with this id.
        """
        with self._database.read() as connection:
            info = _require(connection, conversation_id)
            return to_markdown(info, _messages(connection, conversation_id))

    @contextmanager
    def _changing(
        self, conversation_id: int, *, touch: bool = True
    ) -> Iterator[sqlite3.Connection]:
        with self._database.write() as connection:
            _require(connection, conversation_id)
            yield connection
            if touch:
                connection.execute(
                    "UPDATE conversations SET updated_at = ? WHERE id = ?",
                    (_now(), conversation_id),
                )


def shorten(text: str) -> str:
    """A question as a title: one line, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = (
        line[:TITLE_LENGTH].rsplit(" ", 1)[0] if " " in line[:TITLE_LENGTH] else line[:TITLE_LENGTH]
    )
    return cut.rstrip(" ,;:.-") + "…"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _require(connection: sqlite3.Connection, conversation_id: int) -> ConversationInfo:
    row = connection.execute(f"{_INFO} WHERE c.id = ?", (conversation_id,)).fetchone()
    if row is None:
        raise StoreError(
            f"There is no conversation {conversation_id}; it may have been deleted. "
            "Choose another one."
        )
    return _info(row)


def _info(row: sqlite3.Row) -> ConversationInfo:
    id_, title, collection, created, updated, messages = row
    return ConversationInfo(
        id=id_,
        title=title or "New conversation",
        collection=collection,
        created_at=datetime.fromisoformat(created),
        updated_at=datetime.fromisoformat(updated),
        messages=messages,
    )


def _messages(connection: sqlite3.Connection, conversation_id: int) -> list[StoredMessage]:
    rows = connection.execute(
        "SELECT id, role, text, answer, up, comment, created_at FROM messages"
        " WHERE conversation = ? ORDER BY id",
        (conversation_id,),
    )
    return [
        StoredMessage(
            id=id_,
            role=role,
            text=text,
            answer=None if answer is None else json.loads(answer),
            feedback=None
            if up is None and not comment
            else Feedback(None if up is None else bool(up), comment),
            created_at=datetime.fromisoformat(created),
        )
        for id_, role, text, answer, up, comment, created in rows
    ]
