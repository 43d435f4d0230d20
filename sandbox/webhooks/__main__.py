"""`python -m sandbox.webhooks`: receive webhooks until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import errno
import signal
import sys
from pathlib import Path

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
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    clock = FileClock(args.clock) if args.clock else None
    async with started(args.secret, clock, args.port) as running:
        sys.stdout.write(f"webhooks at {running.url}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> int:
    """Run; exit status 2 for what the caller must change."""
    args = arguments()
    try:
        asyncio.run(serve(args))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        sys.stderr.write(f"sandbox.webhooks: port {args.port} is taken; choose another with --port\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
