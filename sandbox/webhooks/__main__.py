"""`python -m sandbox.webhooks`: receive webhooks until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sandbox.serving import exit_status, until_told
from sandbox.webhooks.app import started
from shared.adapters.clock import FileClock


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.webhooks", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port; 0 takes a free one")
    parser.add_argument("--secret", required=True, help="whsec_…, by which calls are signed")
    parser.add_argument("--clock", type=Path, help="the sandbox's clock file; the system's clock otherwise")
    return parser.parse_args()


async def serve(args: argparse.Namespace) -> None:
    """Serve until told to stop."""
    clock = FileClock(args.clock) if args.clock else None
    await until_told(started(args.secret, clock, args.port), lambda running: f"webhooks at {running.url}")


def main() -> int:
    """Run; exit status 2 for what the caller must change."""
    args = arguments()
    return exit_status("sandbox.webhooks", args.port, serve(args))


if __name__ == "__main__":
    sys.exit(main())
