"""Subscribers and deliveries: private, in a database of their own (SQLite, or PostgreSQL), never published."""
