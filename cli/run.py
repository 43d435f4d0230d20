"""`hearthline run`: the stack, a population, and some hospital days in virtual time, shown and judged."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import aiohttp
import typer
from rich.console import Console

from cli.definitions import read_definitions
from cli.up import Carrier, let_signals_cancel, status
from sandbox import ports as sandbox_ports
from sandbox.idle import BusyError
from sandbox.plan import TIME_ZONE, Plan, app_settings
from sandbox.play import setting
from sandbox.play.hospital import Hospital
from sandbox.play.performance import Performance
from sandbox.play.player import Player, PoisonedError
from sandbox.play.show import Show
from sandbox.population.load import LoadFailedError
from sandbox.ports import Ports, PortTakenError
from sandbox.processes import ServiceFailedError
from sandbox.stack import FolderInUseError, Stack
from shared.bootstrap import build
from shared.config import settings
from shared.errors import HearthlineError

ZONE = ZoneInfo(TIME_ZONE)

_PROBLEMS = (
    PortTakenError,
    ServiceFailedError,
    FolderInUseError,
    BusyError,
    PoisonedError,
    LoadFailedError,
    HearthlineError,
    OSError,
    aiohttp.ClientError,
)


def run(
    data: Annotated[
        Path | None, typer.Option(help="A folder of NDJSON, in place of the made-up people.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End after the days; 0 only if all is well.")] = False,
    as_of: Annotated[str, typer.Option(help="The first day; else the day after the data's last.")] = "",
    port_base: Annotated[int, typer.Option(help="First of ten ports.")] = sandbox_ports.DEFAULT_BASE,
    transport: Carrier = "storage",
    folder: Annotated[Path, typer.Option(help="Where state, logs and keys lie.")] = Path(".sandbox"),
) -> None:
    """Play some hospital days through the FHIR server, and judge every message that came of them."""
    if data is not None and not data.exists():
        raise typer.BadParameter(f"--data {data} does not exist")
    plan = Plan(Ports.from_base(port_base), folder.resolve(), transport=transport)
    raise typer.Exit(asyncio.run(_guarded(plan, data, _day(as_of), Console(), once)))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"--as-of {text!r} is no date such as 2021-04-01") from None


async def _guarded(plan: Plan, data: Path | None, first: date | None, console: Console, once: bool) -> int:
    let_signals_cancel()
    try:
        return await _run(plan, data, first, console, once)
    except asyncio.CancelledError:
        return 130 if once else 0
    except _PROBLEMS as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        return 1


async def _run(plan: Plan, data: Path | None, first: date | None, console: Console, once: bool) -> int:
    show = Show(console, ZONE)
    with console.status("looking through the population"):
        total, day = await asyncio.to_thread(setting.survey, data, show.left_out, ZONE)
    performance = Performance(first or day, ZONE, show)
    with console.status("starting the local stack") as spinner:
        async with Stack(_starting(plan, performance, data)) as stack, aiohttp.ClientSession() as session:
            spinner.stop()
            console.print(status(stack))
            services = await build(settings(app_settings(stack.plan, stack.access_key)), session)
            hospital = Hospital(stack, session)
            await performance.open(stack, services, hospital, (data, total), read_definitions())
            player = Player(stack, services, hospital, show.tell)
            await performance.days_pass(player)
            summary = await performance.close(stack, services, player)
            if not once:
                show.say(
                    f"Messages: {stack.urls['acs']}/   FHIR: {stack.urls['fhir']}   Ctrl-C stops it all."
                )
                print(json.dumps(summary), flush=True)
                await stack.watch()
    print(json.dumps(summary), flush=True)
    return 0 if summary["good"] else 1


def _starting(plan: Plan, performance: Performance, data: Path | None) -> Plan:
    """Start the clock with the play, and let a publication be noticed at once.

    A population from files is not audited at night: nights pass in seconds here, and the sandbox's FHIR
    server needs minutes to tell the versions of all it holds.
    """
    quick = {"HEARTHLINE_CATALOGUE_SECONDS": "0"}
    if data is not None:
        quick["AzureWebJobs.audit.Disabled"] = "true"
    return replace(plan, start=performance.start, settings=quick)
