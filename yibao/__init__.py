"""Bytes to records, records to bytes. Never touches a database, a scheduler or the environment."""

__version__ = "0.1.0"
