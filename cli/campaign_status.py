"""`hearthline campaign status`: how a campaign stands, who did what with it, and what has come of it."""

from __future__ import annotations

import json as json_text
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.campaign_moves import Reference
from cli.chosen import SettingsFile
from cli.working import on_deployment
from shared.config import Settings
from shared.fhir.instants import Instant, iso
from shared.usecases.campaigns.moves import find
from shared.usecases.campaigns.status import CampaignStatus, RunStatus, status
from shared.usecases.services import Services

Messages = Annotated[
    bool, typer.Option("--messages", help="Count messages by status, too: a query for each person.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def show_status(
    campaign: Reference, messages: Messages = False, json: Json = False, settings_file: SettingsFile = None
) -> None:
    """Show how a campaign stands and what has come of it, as of now."""

    async def work(services: Services, _: Settings) -> CampaignStatus:
        return await status(services, await find(services, campaign), messages=messages)

    found = on_deployment(settings_file, work)
    if json:
        typer.echo(json_text.dumps(_told(found), ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(f"{found.state.campaign} is {found.state.status}", markup=False, soft_wrap=True)
    if found.next_run is not None:
        console.print(f"next run: {iso(found.next_run)}")
    if found.state.moves:
        console.print(_moves(found))
    for run in found.runs:
        console.print(_run(run))


def _told(found: CampaignStatus) -> dict[str, Any]:
    runs = [{**msgspec.to_builtins(run), "inside": run.inside} for run in found.runs]
    for run in runs:
        for name in ("began", "finished", "done_by"):
            run[name] = _iso(run[name])
    moves = [{**msgspec.to_builtins(move), "at": iso(move.at)} for move in found.state.moves]
    state = {"campaign": found.state.campaign, "status": found.state.status, "moves": moves}
    return {**state, "next_run": _iso(found.next_run), "runs": runs}


def _iso(instant: int | None) -> str | None:
    return None if instant is None else iso(Instant(instant))


def _moves(found: CampaignStatus) -> Table:
    table = Table("when", "what", "by", "as", "why")
    for move in found.state.moves:
        table.add_row(iso(move.at), *map(Text, (move.action, move.by, move.role, move.reason)))
    return table


def _run(run: RunStatus) -> Table:
    table = Table("", "", "people", title=f"run of {run.occurrence}")
    for what, count in _counts(run):
        table.add_row(what, "", str(count))
    for name, counts in (("left out", run.skipped), ("not let in", run.refused), ("message", run.messages)):
        for word, count in counts.items():
            table.add_row(name, Text(word), str(count))
    for step, ways in sorted(run.ways.items()):
        for way, came in sorted(ways.items()):
            table.add_row(Text(step), Text(f"{way}: {came.goals} reached the goal"), str(came.entered))
    if run.finished is None:
        done = iso(run.done_by) if run.done_by is not None else "not known"
        table.add_row("still to come", f"done by {done}", str(run.remaining))
    return table


def _counts(run: RunStatus) -> list[tuple[str, int]]:
    return [
        ("asked", run.asked),
        ("entered", run.entered),
        ("inside", run.inside),
        ("completed", run.by_status["completed"]),
        ("left early", run.by_status["revoked"]),
        ("reached the goal", run.goals),
    ]
