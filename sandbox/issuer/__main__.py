"""`python -m sandbox.issuer`: publish the keys of the local issuer until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import errno
import signal
import sys
from pathlib import Path

from sandbox.issuer.app import started
from sandbox.issuer.signing import SigningKey


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.issuer", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port; 0 takes a free one")
    parser.add_argument("--key", type=Path, required=True, help="file of the key; made if it is not there")
    parser.add_argument("--clock", type=Path, help="not used: tokens live by real time, as they do on Azure")
    return parser.parse_args()


async def serve(args: argparse.Namespace) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with started(SigningKey.kept(args.key), args.port) as origin:
        sys.stdout.write(f"issuer at {origin}\n")
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
        sys.stderr.write(f"sandbox.issuer: port {args.port} is taken; choose another with --port\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
