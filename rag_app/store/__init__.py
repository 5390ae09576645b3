"""Collections: vectors in Chroma, passages, keywords and documents in SQLite."""
