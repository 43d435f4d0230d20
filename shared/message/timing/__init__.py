"""Timing: when a message may go out, and how many a person gets. Pure."""
