"""Curators' Markdown: which files there are, and the entries in each."""
