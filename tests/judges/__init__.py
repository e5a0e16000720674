"""Other people's programs as judges of what we publish: readers, parsers, checkers, a browser."""
