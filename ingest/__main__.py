"""``python -m ingest``: the same as the command ``ingest``."""

from rag_app.cli import ingest_main

if __name__ == "__main__":
    ingest_main()
