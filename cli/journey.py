"""`hearthline journey`: what authors and staff do with journeys, gathered here."""

from __future__ import annotations

import typer

from cli.journey_control import pause, resume, show_controls, stop

journey = typer.Typer(help="Check, look at and steer journeys.", no_args_is_help=True)
journey.command()(pause)
journey.command()(resume)
journey.command()(stop)
journey.command("controls")(show_controls)
