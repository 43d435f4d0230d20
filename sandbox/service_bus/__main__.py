"""`python -m sandbox.service_bus`: serve the broker until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import sys

from sandbox.service_bus import settings
from sandbox.service_bus.service import started
from sandbox.service_bus.settings import Namespace, QueueSettings, parse_queues
from sandbox.serving import exit_status, until_told

_QUEUES = (
    "the queues that there are, as NAME[:sessions][:lock=SECONDS][:deliveries=COUNT][:duplicates=SECONDS],…; "
    "left out, any queue is made on use"
)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.service_bus", description=__doc__)
    default = QueueSettings()
    parser.add_argument("--port", type=int, required=True, help="loopback port; 0 takes a free one")
    parser.add_argument("--queues", default="", help=_QUEUES)
    parser.add_argument("--product", action="store_true", help="Hearthline's own queues, and none else")
    parser.add_argument("--lock-seconds", type=float, default=default.lock_seconds, help="lock duration")
    parser.add_argument(
        "--max-deliveries", type=int, default=default.max_deliveries, help="tries before dead-lettering"
    )
    return parser.parse_args()


def namespace(args: argparse.Namespace) -> Namespace:
    """Turn the command line into settings. Raises ValueError."""
    if args.product:
        return settings.namespace(args.lock_seconds)
    default = QueueSettings(lock_seconds=args.lock_seconds, max_deliveries=args.max_deliveries)
    return Namespace(parse_queues(args.queues, default), default)


async def serve(port: int, queues: Namespace) -> None:
    """Serve until told to stop."""
    await until_told(
        started(queues, port), lambda running: f"Service Bus sandbox at {running.connection_string}"
    )


def main() -> int:
    """Run; exit status 2 for what the caller must change."""
    args = arguments()
    try:
        queues = namespace(args)
    except ValueError as error:
        sys.stderr.write(f"sandbox.service_bus: --queues: {error}\n")
        return 2
    return exit_status("sandbox.service_bus", args.port, serve(args.port, queues))


if __name__ == "__main__":
    sys.exit(main())
