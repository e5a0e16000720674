"""The published tree over HTTP."""
