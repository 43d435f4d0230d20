"""`python -m sandbox.acs`: serve the stand-in until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import base64
import sys
from pathlib import Path

from sandbox.acs.app import started
from sandbox.acs.service import NUMBERS, Options
from sandbox.serving import exit_status, until_told
from shared.adapters.clock import FileClock

_REAL_WINDOW = 300.0  # seconds for which ACS remembers repeatability ids


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.acs", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port; 0 takes a free one")
    parser.add_argument("--access-key", required=True, type=_base64, help="base64 key that callers sign with")
    parser.add_argument("--events-url", default="", help="where events are posted; none when left out")
    parser.add_argument("--events-key", default="", help="sent as x-functions-key with every event")
    parser.add_argument("--bearer", default="", help="a bearer token that is accepted too")
    parser.add_argument("--clock", type=Path, help="the sandbox's clock file; the system's clock otherwise")
    parser.add_argument(
        "--repeat-window", type=float, help="seconds in which a first-sent date is good, 0 for ever; "
        "300 as in Azure, or 0 with --clock, as a virtual clock runs past it",
    )  # fmt: skip
    parser.add_argument(
        "--number", action="append", dest="numbers", help="a number or short code of the resource; repeatable"
    )
    return parser.parse_args()


def _base64(text: str) -> str:
    base64.b64decode(text, validate=True)
    return text


def options(args: argparse.Namespace) -> Options:
    """Turn the command line into options."""
    window = args.repeat_window
    if window is None:
        window = 0.0 if args.clock else _REAL_WINDOW
    numbers = tuple(args.numbers) if args.numbers else NUMBERS
    return Options(args.access_key, args.events_url, args.events_key, args.bearer, window, numbers=numbers)


async def serve(args: argparse.Namespace) -> None:
    """Serve until told to stop."""
    clock = FileClock(args.clock) if args.clock else None
    await until_told(
        started(options(args), clock, args.port), lambda running: f"ACS sandbox at {running.url}"
    )


def main() -> int:
    """Run; exit status 2 for what the caller must change."""
    args = arguments()
    return exit_status("sandbox.acs", args.port, serve(args))


if __name__ == "__main__":
    sys.exit(main())
