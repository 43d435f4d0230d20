"""`hearthline sending on | off`: the kill switch of everything that goes to patients."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.calling import Admin
from cli.chosen import SettingsFile
from cli.switching import By, Json, Reason, Wait, switch_by_api


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
    json: Json = False,
) -> None:
    """Stop, or let go on, everything that sends; messages wait meanwhile, none is lost."""

    async def throw(admin: Admin) -> dict[str, Any]:
        etag = (await admin.call("GET", "/switches")).headers["ETag"].strip('"')
        body = {"sending": state is State.ON, "reason": reason}
        answer = await admin.call("PUT", "/switches/sending", body, match=etag)
        switched: dict[str, Any] = answer.json()
        return switched

    switch_by_api(settings_file, f"Sending is {state}", throw, by, wait=wait, json=json)
