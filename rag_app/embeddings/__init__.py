"""Embedding models: from a provider:model spec to vectors with a known identity."""
