"""A local arXiv: a real HTTP server that speaks its feeds, API, OAI-PMH and catch-up pages, faults included."""
