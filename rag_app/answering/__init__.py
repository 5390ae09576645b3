"""From ranked passages to an answer with checked quotations."""

from rag_app.answering.assistant import Assistant
from rag_app.answering.chat_model import llm_destination

__all__ = ["Assistant", "llm_destination"]
