"""The library: everything public that we know, in DuckDB. One module a noun; one query a function.

One SQL for DuckDB and DuckLake: no keys, sequences, enums or secondary indexes. A batch is DELETE and INSERT by
identifier in one transaction.
"""
