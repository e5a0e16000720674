"""In what order things happen, and what a person types to make them happen."""
