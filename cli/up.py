"""`hearthline up`: the local stack in the foreground, one status table, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from sandbox import ports as sandbox_ports
from sandbox.plan import Plan
from sandbox.ports import Ports, PortTakenError
from sandbox.processes import ServiceFailedError
from sandbox.stack import FolderInUseError, Stack
from shared.fhir.instants import Instant, iso, parse_instant

_PURPOSE = {
    "azurite-blob": "blob storage",
    "azurite-queue": "queues",
    "azurite-table": "tables",
    "bus": "Service Bus",
    "fhir": "FHIR server",
    "acs": "messages, see its page",
    "issuer": "issuer of tokens for the admin API",
    "webhooks": "what teams and systems are told, see its page",
    "host": "functions host",
    "events": "event source",
}

Carrier = Annotated[
    Literal["storage", "servicebus"], typer.Option(help="What carries messages from function to function.")
]
Port = Annotated[int | None, typer.Option(help="Its port, in place of the one from --port-base.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="A setting of the host: NAME=VALUE; may be repeated.")
]


def up(
    port_base: Annotated[int, typer.Option(help="First of ten ports.")] = sandbox_ports.DEFAULT_BASE,
    fhir_port: Port = None,
    host_port: Port = None,
    acs_port: Port = None,
    events_port: Port = None,
    webhooks_port: Port = None,
    bus_port: Port = None,
    issuer_port: Port = None,
    azurite_ports: Annotated[str, typer.Option(help="Blob, queue and table port: 10000,10001,10002.")] = "",
    start: Annotated[str, typer.Option(help="Where the virtual clock begins; now without it.")] = "",
    speed: Annotated[float, typer.Option(min=0.0, help="Virtual seconds a second.")] = 1.0,
    keep: Annotated[bool, typer.Option("--keep", help="Go on with the last run's state and clock.")] = False,
    schema: Annotated[str, typer.Option(help="eventgrid or cloudevents.")] = "eventgrid",
    transport: Carrier = "storage",
    folder: Annotated[Path, typer.Option(help="Where state, logs and keys lie.")] = Path(".sandbox"),
    given: Set = None,
) -> None:
    """Start the local stack and keep it running until Ctrl-C."""
    chosen = {"fhir": fhir_port, "host": host_port, "acs": acs_port, "events": events_port}
    chosen |= {"webhooks": webhooks_port, "bus": bus_port, "issuer": issuer_port}
    asked = {name: port for name, port in chosen.items() if port is not None}
    ports = replace(Ports.from_base(port_base), **asked, **_azurite(azurite_ports))
    plan = Plan(
        ports,
        folder.resolve(),
        start=_start(start),
        speed=speed,
        keep=keep,
        schema=schema,
        transport=transport,
        settings=_settings(given or []),
    )
    raise typer.Exit(asyncio.run(serve(plan, Console())))


async def serve(plan: Plan, console: Console) -> int:
    """Run the stack of `plan` until a signal or a failure; return the exit status."""
    let_signals_cancel()
    try:
        with console.status("starting the local stack") as spinner:
            async with Stack(plan) as stack:
                spinner.stop()
                console.print(status(stack))
                console.print(about_the_api(stack), highlight=False, soft_wrap=True)
                console.print(f"The clock stands at {iso(stack.clock.now())}. Ctrl-C stops everything.")
                await stack.watch()
    except asyncio.CancelledError:
        return 0
    except (PortTakenError, ServiceFailedError, FolderInUseError, OSError) as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        return 1


def status(stack: Stack) -> Table:
    """Lay out each service with its address, process and state."""
    table = Table("service", "for", "pid", "state")
    table.add_column("address", no_wrap=True)
    urls = stack.urls
    for child in stack.children:
        name = child.service.name
        state = "[green]healthy" if child.running else "[red]ended"
        table.add_row(name, _PURPOSE.get(name, ""), str(child.pid), state, urls.get(name, child.service.url))
    return table


def about_the_api(stack: Stack) -> str:
    """Say where the admin API is, and how to call it."""
    api = f"{stack.urls['host']}/api/admin/v1"
    return f"Admin API: {api}   its page: {api}/docs   a token: hearthline token --role Marketer"


def _start(text: str) -> Instant | None:
    try:
        return parse_instant(text) if text else None
    except ValueError:
        raise typer.BadParameter(
            f"--start {text!r} is no date or instant such as 2026-03-02T08:00:00Z"
        ) from None


def _settings(given: list[str]) -> dict[str, str]:
    for text in given:
        if text.find("=") < 1:
            raise typer.BadParameter(f"--set takes NAME=VALUE, and not {text!r}")
    return dict(text.split("=", 1) for text in given)


def _azurite(text: str) -> dict[str, int]:
    if not text:
        return {}
    try:
        return dict(zip(("blob", "queue", "table"), map(int, text.split(",")), strict=True))
    except ValueError:
        raise typer.BadParameter("--azurite-ports takes three numbers: blob,queue,table") from None


def let_signals_cancel() -> None:
    """Make Ctrl-C and SIGTERM cancel the task that runs, so that everything is stopped in order."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
