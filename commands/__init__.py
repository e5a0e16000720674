"""What a person types: one module for each chapter of `yibao --help`, and what they share."""
