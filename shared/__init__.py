"""Hearthline's core and shell: pure packages below, ports and adapters above."""

VERSION = "0.1.0"
"""As in pyproject.toml."""
