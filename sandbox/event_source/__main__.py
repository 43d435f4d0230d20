"""Run the event source as a process of its own: `python -m sandbox.event_source --help`."""

from __future__ import annotations

import argparse
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from sandbox.event_source.app import application
from sandbox.event_source.changes import ChangeLog
from sandbox.event_source.schemas import SCHEMAS
from sandbox.event_source.source import EventSource, Options
from sandbox.event_source.target import Target
from sandbox.ports import LOOPBACK
from shared.adapters.clock import FileClock, SystemClock


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(prog="sandbox.event_source", description="Azure Event Grid's part.")
    made.add_argument("--fhir-url", required=True, help="base address; subjects show its host, as Azure's do")
    made.add_argument(
        "--changes", type=Path, required=True, help="the FHIR server's database: its change log"
    )
    made.add_argument("--target", required=True, help="the address that takes the notifications")
    made.add_argument("--port", type=int, required=True)
    made.add_argument("--function-key", help="sent as ?code=, as Azure's webhooks to Functions do")
    made.add_argument("--schema", choices=sorted(SCHEMAS), default="eventgrid")
    made.add_argument("--clock", type=Path, help="the sandbox's clock; the system's without it")
    made.add_argument("--state", type=Path, default=Path(".sandbox/events"), help="position and dead letters")
    made.add_argument(
        "--retry-scale", type=float, default=0.01, help="how long a second of Event Grid's lasts"
    )
    return made


async def open_source(asked: argparse.Namespace) -> EventSource:
    """Build the source that the command line asks for."""
    target = Target(aiohttp.ClientSession(), asked.target, SCHEMAS[asked.schema], asked.function_key)
    options = Options(urlsplit(asked.fhir_url).netloc, asked.state, asked.retry_scale)
    clock = FileClock(asked.clock) if asked.clock else SystemClock()
    return EventSource(ChangeLog(asked.changes), target, clock, options)


def main() -> None:
    """Serve until SIGTERM."""
    asked = parser().parse_args()
    app = application(lambda: open_source(asked))
    web.run_app(app, host=LOOPBACK, port=asked.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
