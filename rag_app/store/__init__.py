"""Collections: vectors in Chroma, passages, keywords and documents in SQLite."""

from rag_app.store.collection import Collection, CollectionInfo
from rag_app.store.conversations import Conversations
from rag_app.store.messages import ConversationInfo, Feedback, StoredMessage
from rag_app.store.store import Store
from rag_app.store.writer import Writer

__all__ = [
    "Collection",
    "CollectionInfo",
    "ConversationInfo",
    "Conversations",
    "Feedback",
    "Store",
    "StoredMessage",
    "Writer",
]
