"""`hearthline journey`: what authors and staff do with journeys, gathered here."""

from __future__ import annotations

import json

import typer

from cli.journey_check import check
from cli.journey_control import pause, resume, show_controls, stop, winner
from cli.journey_explain import explain_patient
from cli.journey_migrate import migrate
from cli.journey_show import show
from cli.journey_simulate import simulate
from shared.journey.definition import journey_schema

journey = typer.Typer(help="Check, look at and steer journeys.", no_args_is_help=True)
journey.command()(check)
journey.command()(show)
journey.command()(pause)
journey.command()(resume)
journey.command()(stop)
journey.command()(winner)
journey.command()(migrate)
journey.command("controls")(show_controls)
journey.command()(simulate)
journey.command("explain")(explain_patient)


@journey.command()
def schema() -> None:
    """Print the JSON Schema of the language, for editors."""
    typer.echo(json.dumps(journey_schema(), indent=2, ensure_ascii=False))
