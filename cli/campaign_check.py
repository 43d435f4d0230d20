"""`hearthline campaign check | schema`: tell an author all that is wrong with campaign files."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.definitions import SHIPPED, sound_definitions
from cli.yaml_files import read_document
from shared.catalogue import Document
from shared.errors import Invalid, Problem
from shared.journey.campaign import CampaignDefinition, campaign_schema, parse_campaign
from shared.naming import names_of, unresolved_by_campaigns

Files = Annotated[
    list[Path], typer.Argument(help="Campaign files, YAML or JSON.", exists=True, dir_okay=False)
]
Definitions = Annotated[
    Path,
    typer.Option("--definitions", help="A folder with what campaigns name.", exists=True, file_okay=False),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def check(files: Files, definitions: Definitions = SHIPPED, json: Json = False) -> None:
    """Check campaign files; exit status 1 if any has a mistake, each told with its place."""
    around, _ = sound_definitions(definitions)
    console, problems, warnings = Console(soft_wrap=True), list[Problem](), list[Problem]()
    for file in files:
        try:
            definition = _read(file)
        except Invalid as invalid:
            problems += invalid.problems
            continue
        found = list(unresolved_by_campaigns([(str(file), definition)], names_of(around)))
        problems += found
        warnings += _warnings(str(file), definition, around)
        if not found and not json:
            console.print(f"{file}: {definition.canonical} is sound.", markup=False, highlight=False)
    if json:
        told = {"problems": [str(each) for each in problems], "warnings": [str(each) for each in warnings]}
        typer.echo(json_text.dumps(told, indent=2, ensure_ascii=False))
    else:
        for problem, style in ((problems, "red"), (warnings, "yellow")):
            for each in problem:
                console.print(str(each), style=style, markup=False, highlight=False)
    if problems:
        raise typer.Exit(1)


def schema() -> None:
    """Print the JSON Schema of campaigns, for editors."""
    typer.echo(json_text.dumps(campaign_schema(), indent=2, ensure_ascii=False))


def _read(file: Path) -> CampaignDefinition:
    return parse_campaign(read_document(file, "a campaign"), str(file))


def _warnings(where: str, definition: CampaignDefinition, around: tuple[Document, ...]) -> Iterator[Problem]:
    """Find what is allowed and is seldom meant."""
    if definition.pace is None:
        yield Problem(f"{where}: pace", "there is none: everybody is asked as fast as can be")
    if definition.approval == "none":
        yield Problem(f"{where}: approval", "nobody has to approve it")
    bodies = [d.body for d in around if d.kind == "journey" and d.body.get("url") == definition.journey]
    if definition.schedule.rrule and bodies and bodies[-1].get("re_entry", "never") == "never":
        told = "comes again, but nobody enters its journey twice"
        yield Problem(f"{where}: schedule.rrule", told, "re_entry: after-exit in the journey")
