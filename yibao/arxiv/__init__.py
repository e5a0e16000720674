"""arXiv, as a pipeline meets it: how to ask, and how to read each kind of answer."""
