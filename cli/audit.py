"""`hearthline audit`: look now whether all that is held of every patient agrees; or what runs found.

Its subcommands are about the audit trail: cli.audit_trail.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from cli.audit_trail import export, list_entries, verify
from cli.chosen import SettingsFile, chosen
from shared.bootstrap import build
from shared.config import Settings
from shared.errors import HearthlineError
from shared.fhir.instants import iso
from shared.usecases.audit import audit_everyone
from shared.usecases.audit_report import MEANING, Report, reports
from shared.usecases.services import Services

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
_MOST_SHOWN = 100


audit = typer.Typer(help="Audits of all records; the audit trail.")
audit.command("list")(list_entries)
audit.command()(verify)
audit.command()(export)


@audit.callback(invoke_without_command=True)
def look(
    context: typer.Context,
    settings_file: SettingsFile = None,
    repair: Annotated[bool, typer.Option("--repair", help="Set right what differs.")] = False,
    runs: Annotated[bool, typer.Option("--runs", help="Only show what the latest runs found.")] = False,
) -> None:
    """Prove that server, records, memberships, member lists and wake-ups agree; 1 while anything differs."""
    if context.invoked_subcommand is not None:
        if settings_file is not None or repair or runs:
            raise typer.BadParameter(f"options go behind {context.invoked_subcommand}")
        return
    console = Console()
    try:
        left = asyncio.run(_audit(chosen(settings_file), console, repair=repair, runs=runs))
    except (HearthlineError, OSError) as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    raise typer.Exit(1 if left else 0)


async def _audit(settings: Settings, console: Console, *, repair: bool, runs: bool) -> int:
    """Show an audit, or the latest; how many differences are left."""
    async with aiohttp.ClientSession() as session:
        services = await build(settings, session)
        if runs:
            console.print(_runs(await reports(services.documents)))
            return 0
        found = await _look(services, console, repair=repair)
    if found.named:
        console.print(_differences(found))
    console.print(
        f"{found.looked_at} patients looked at: {found.differed} differences, {found.repaired} repaired, "
        f"{found.unchecked} that the FHIR server does not tell of.",
        highlight=False,
    )
    return found.differed - found.repaired + found.unchecked


async def _look(services: Services, console: Console, *, repair: bool) -> Report:
    walk = services.patients.keys()
    total = sum([1 async for _ in walk])
    with Progress(*_COLUMNS, console=console) as bars:
        task = bars.add_task("looking at patients", total=total)
        return await audit_everyone(
            services, repair=repair, progress=lambda done: bars.update(task, completed=done)
        )


def _differences(found: Report) -> Table:
    table = Table("patient's key", "what", "is", "repaired")
    for each in found.named[:_MOST_SHOWN]:
        state = Text("yes", "green") if each.repaired else Text("no", "red")
        table.add_row(Text(each.key), Text(each.what), MEANING[each.kind], state)
    if found.differed > _MOST_SHOWN:
        table.add_row(f"and {found.differed - min(len(found.named), _MOST_SHOWN)} more", "", "", "")
    return table


def _runs(found: list[Report]) -> Table:
    table = Table("begun", "ended", "patients", "differences", "repaired", "unchecked")
    for each in found:
        ended = iso(each.finished) if each.finished is not None else "not yet"
        counts = ", ".join(f"{kind} {count}" for kind, count in sorted(each.counts.items())) or "none"
        numbers = (str(each.looked_at), counts, str(each.repaired), str(each.unchecked))
        table.add_row(*(Text(cell, overflow="fold") for cell in (iso(each.started), ended, *numbers)))
    return table
