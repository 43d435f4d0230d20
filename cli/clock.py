"""`hearthline clock`: look at the virtual clock of a running local stack, or move it on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from sandbox.plan import TIME_ZONE, open_clock
from shared.fhir.calendar import add, parse_duration
from shared.fhir.instants import Instant, iso, parse_instant


def clock(
    to: Annotated[str, typer.Option(help="Jump to an instant: 2026-03-09T14:00:00Z.")] = "",
    forward: Annotated[str, typer.Option(help="Jump on by a duration: P3D, PT2H.")] = "",
    speed: Annotated[
        float | None, typer.Option(min=0.0, help="Virtual seconds a second from now on.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the stack's state lies.")] = Path(".sandbox"),
) -> None:
    """Show the sandbox's clock, or move it; waits that end in between are over at once."""
    try:
        held = open_clock(folder)
    except FileNotFoundError:
        missing = f"there is no clock in {folder}: start a stack first, or name its --folder"
        raise typer.BadParameter(missing) from None
    now = held.now()
    target = _target(now, to, forward)
    if target < now:
        raise typer.BadParameter(f"the clock stands at {iso(now)} and never goes back")
    if target > now or speed is not None:
        held.set(target, speed)
    typer.echo(f"{iso(held.now())} at speed {held.speed:g}")


def _target(now: Instant, to: str, forward: str) -> Instant:
    try:
        if to:
            return parse_instant(to, ZoneInfo(TIME_ZONE))
        return add(now, parse_duration(forward), ZoneInfo(TIME_ZONE)) if forward else now
    except ValueError as error:
        raise typer.BadParameter(f"not an instant or a duration: {error}") from None
