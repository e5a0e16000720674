"""What we know: the library (DuckDB, public), people (private) and the bytes arXiv sent."""
