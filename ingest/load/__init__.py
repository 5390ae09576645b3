"""Loaders: one file for each format."""
