"""`hearthline segment take-valueset`: a newer version of a value set, from the FHIR server into force."""

from __future__ import annotations

import json as json_text
from typing import Annotated, Any

import typer

from cli.calling import Admin, Refused, by_api
from cli.chosen import SettingsFile

Reference = Annotated[str, typer.Argument(metavar="URL", help="Of the value set; url|version for that one.")]


def take_valueset(
    reference: Reference,
    settings_file: SettingsFile = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Publish a value set as the FHIR server has it now, unless its codes are published already."""

    async def calls(admin: Admin) -> dict[str, Any]:
        try:
            taken: dict[str, Any] = (await admin.call("POST", "/value-sets", {"reference": reference})).json()
        except Refused as refused:
            raise Refused({**refused.problem, "detail": f"{reference}: {refused}", "problems": []}) from None
        return taken

    taken = by_api(settings_file, calls)
    typer.echo(json_text.dumps(taken) if json else _said(taken))


def _said(taken: dict[str, Any]) -> str:
    if taken["added"]:
        names = (f"{each['kind']} {each['url']}|{each['version']}" for each in taken["added"])
        said = f"{taken['codes']} codes; published {', '.join(names)}."
    else:
        said = f"{taken['codes']} codes, as in version {taken['version']}."
    if taken["latest"] != taken["version"]:
        said += f" Segments that name no version go by {taken['latest']}."
    return said
