"""`hearthline campaign preview`: exactly who would get what and when, and who is left out and why."""

from __future__ import annotations

import csv
import json as json_text
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.chosen import SettingsFile
from cli.segment_options import spinner
from cli.working import on_deployment
from cli.yaml_files import read_document
from shared.config import Settings
from shared.errors import Invalid
from shared.fhir.instants import Instant, iso
from shared.journey.campaign import CampaignDefinition, parse_campaign
from shared.usecases.campaigns.foresight import Foreseen
from shared.usecases.campaigns.moves import find
from shared.usecases.campaigns.preview import Plan, Totals, plan, preview
from shared.usecases.services import Services

SHOWN = 20
"""People in the table of the terminal; --json and --csv have all."""
COLUMNS = (
    "key",
    "patient",
    "at",
    "why_not",
    "message_at",
    "channel",
    "language",
    "subject",
    "text",
)

Most = Annotated[int | None, typer.Option("--limit", min=1, help="Look only at the first so many.")]
Csv = Annotated[
    Path | None, typer.Option("--csv", help="Write everybody into this file; it holds patients' names.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


class Previewed(Struct):
    """A preview as it was gone through."""

    definition: CampaignDefinition
    made: Plan
    people: list[Foreseen]
    totals: Totals


def preview_campaign(
    campaign: Annotated[str, typer.Argument(help="A campaign file, or a published campaign.")],
    limit: Most = None,
    csv_file: Csv = None,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> None:
    """Preview a campaign on the records of a deployment; nothing is written, and nobody is asked."""
    errors, drafted = Console(stderr=True), _drafted(campaign)

    async def work(services: Services, _: Settings) -> Previewed:
        definition = drafted or await find(services, campaign)
        made = await plan(services, definition)
        found = Previewed(definition, made, [], Totals())
        with spinner(errors) as progress:
            task = progress.add_task("looking at the audience")
            async for seen in preview(services, definition, made, limit):
                found.people.append(seen)
                found.totals.add(seen)
                progress.update(task, description=f"looked at {found.totals.looked_at} people")
        return found

    found = on_deployment(settings_file, work)
    if csv_file is not None:
        with csv_file.open("w", newline="", encoding="utf-8") as file:
            _write(file, found.people)
    if json:
        typer.echo(json_text.dumps(_told(found), ensure_ascii=False))
    else:
        _print(found)


def _drafted(campaign: str) -> CampaignDefinition | None:
    """Read a file that is not published yet; None for what names no file."""
    if "://" in campaign or not Path(campaign).is_file():
        return None
    try:
        return parse_campaign(read_document(Path(campaign), "a campaign"), campaign)
    except Invalid as invalid:
        Console(stderr=True).print(str(invalid), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


def _write(file: TextIO, people: list[Foreseen]) -> None:
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(_row(seen) for seen in people)


def _row(seen: Foreseen) -> dict[str, str]:
    return {name: _text(getattr(seen, name), instant=name.endswith("at")) for name in COLUMNS}


def _text(value: Any, *, instant: bool) -> str:
    if value is None:
        return ""
    return iso(Instant(value)) if instant else _harmless(str(value))


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking words for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _told(found: Previewed) -> dict[str, Any]:
    totals = found.totals
    return {
        "campaign": found.definition.canonical,
        "occurrence": found.made.ref.occurrence.name,
        "begins": iso(found.made.begins),
        "totals": {
            "looked_at": totals.looked_at,
            "invited": totals.invited,
            "channels": totals.channels,
            "languages": totals.languages,
            "left_out": totals.left_out,
            "first": iso(totals.first) if totals.first is not None else None,
            "last": iso(totals.last) if totals.last is not None else None,
        },
        "people": [_row(seen) for seen in found.people],
    }


def _print(found: Previewed) -> None:
    console, totals = Console(highlight=False), found.totals
    console.print(f"{found.definition.title}: {found.definition.canonical}", markup=False, soft_wrap=True)
    occurrence = found.made.ref.occurrence.name
    console.print(f"the run of {occurrence}, which begins {iso(found.made.begins)}", style="dim")
    console.print(f"{totals.invited} of {totals.looked_at} people would get a message", markup=False)
    if totals.first is not None and totals.last is not None:
        console.print(f"the first at {iso(totals.first)}, the last at {iso(totals.last)}")
    console.print(_counts(totals))
    if found.people:
        console.print(_people(found.people[:SHOWN]))
    if len(found.people) > SHOWN:
        console.print(f"{len(found.people) - SHOWN} more: --json or --csv FILE", style="dim")


def _counts(totals: Totals) -> Table:
    table = Table("", "", "people")
    kinds = (("by", totals.channels), ("in", totals.languages), ("left out", totals.left_out))
    for name, counts in kinds:
        for word, count in counts.most_common():
            table.add_row(name, Text(word), str(count))
    return table


def _people(people: list[Foreseen]) -> Table:
    table = Table("patient", "when", "by", "in", "message, or why none")
    for seen in people:
        when = iso(seen.message_at) if seen.message_at is not None else ""
        words = seen.text or seen.why_not
        table.add_row(*map(Text, (seen.patient or seen.key, when, seen.channel, seen.language, words)))
    return table
