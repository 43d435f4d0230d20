"""Instants as people give them to commands."""

from __future__ import annotations

import typer

from shared.fhir.instants import Instant, parse_instant


def instant(text: str) -> Instant | None:
    """Read an option; None where it was not given. Raises BadParameter."""
    try:
        return parse_instant(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no instant such as 2026-03-01T00:00:00Z") from None
