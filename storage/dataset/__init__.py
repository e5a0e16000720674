"""Releases of the open dataset: made of the library, laid beside the pages, never changed. One module a noun."""
