"""``python -m ingest``: the same as the command ``ingest``."""

from rag_app.cli.ingest import main

if __name__ == "__main__":
    main()
