"""Drafts: definitions on their way to being published, kept until somebody else approves them."""
