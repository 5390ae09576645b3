"""Collections: vectors in Chroma, passages, keywords and documents in SQLite."""

from rag_app.store.collection import Collection
from rag_app.store.conversations import Conversations
from rag_app.store.debts import Debts
from rag_app.store.generations import Generations
from rag_app.store.info import CollectionInfo
from rag_app.store.messages import ConversationInfo, Feedback, StoredMessage
from rag_app.store.roles import Role
from rag_app.store.rows import Size
from rag_app.store.store import Store
from rag_app.store.writer import Writer

__all__ = [
    "Collection",
    "CollectionInfo",
    "ConversationInfo",
    "Conversations",
    "Debts",
    "Feedback",
    "Generations",
    "Role",
    "Size",
    "Store",
    "StoredMessage",
    "Writer",
]
