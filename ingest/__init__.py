"""The document flow: load, clean, chunk, embed, store."""
