"""The open dataset: what its tables mean, what a release is called, and the documents that go with it. Pure."""
