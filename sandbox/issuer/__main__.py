"""`python -m sandbox.issuer`: publish the keys of the local issuer until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sandbox.issuer.app import started
from sandbox.issuer.signing import SigningKey
from sandbox.serving import exit_status, until_told


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.issuer", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port; 0 takes a free one")
    parser.add_argument("--key", type=Path, required=True, help="file of the key; made if it is not there")
    parser.add_argument("--clock", type=Path, help="not used: tokens live by real time, as they do on Azure")
    return parser.parse_args()


async def serve(args: argparse.Namespace) -> None:
    """Serve until told to stop."""
    await until_told(started(SigningKey.kept(args.key), args.port), lambda origin: f"issuer at {origin}")


def main() -> int:
    """Run; exit status 2 for what the caller must change."""
    args = arguments()
    return exit_status("sandbox.issuer", args.port, serve(args))


if __name__ == "__main__":
    sys.exit(main())
