"""`hearthline sending on | off`: the kill switch of everything that goes to patients."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.chosen import SettingsFile
from cli.switching import By, Reason, Wait, switch
from shared.usecases.controls import switch_sending


class State(StrEnum):
    """Of the switch."""

    ON = "on"
    OFF = "off"


def sending(
    state: Annotated[State, typer.Argument(help="off: nothing goes out; on: what waited goes at once.")],
    by: By,
    reason: Reason,
    settings_file: SettingsFile = None,
    wait: Wait = False,
) -> None:
    """Stop, or let go on, everything that sends; messages wait meanwhile, none is lost."""
    on = state is State.ON
    switch(
        settings_file,
        wait,
        f"Sending is {state}",
        lambda services: switch_sending(services, on=on, by=by, reason=reason),
    )
