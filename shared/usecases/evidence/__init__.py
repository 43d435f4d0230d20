"""Evidence: the whole story of a person or a message, from what was written down as it happened."""
