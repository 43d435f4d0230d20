"""Consents: what is said about being written to, taken in and written down. Pure."""
