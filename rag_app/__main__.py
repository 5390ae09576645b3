"""``python -m rag_app`` is ``rag``."""

from rag_app.cli import main

main()
