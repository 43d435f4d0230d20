"""`python -m sandbox.functions_host`: serve a function app until SIGTERM or Ctrl-C.

Exit status: 0 stopped as asked, 1 the app or a setting is wrong, 2 the port is taken.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from sandbox.functions_host.clocks import Clock
from sandbox.functions_host.host import FunctionsHost
from sandbox.functions_host.keys import load_keys
from sandbox.functions_host.options import HostOptions
from sandbox.functions_host.settings import apply_settings_file
from sandbox.functions_host.specs import LoadError
from shared.adapters.clock import FileClock, SystemClock


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.functions_host", description="A local functions host."
    )
    parser.add_argument("--app", type=Path, required=True, help="folder of function_app.py and host.json")
    parser.add_argument("--port", type=int, required=True, help="port to serve HTTP on (0: any free one)")
    parser.add_argument("--keys", type=Path, required=True, help="keys file; made if there is none")
    parser.add_argument("--address", default="127.0.0.1", help="address to bind (default: this machine only)")
    parser.add_argument("--clock", type=Path, help="virtual clock's file (default: the system's clock)")
    parser.add_argument("--settings", type=Path, help="local.settings.json; what is in the environment wins")
    parser.add_argument("--grace", type=float, default=10.0, help="seconds to let running functions end")
    parser.add_argument(
        "--lease", type=int, default=30, help="seconds a queue message is hidden while it runs"
    )
    parser.add_argument(
        "--shortest-poll", type=float, default=0.02, help="seconds before an empty queue is read again"
    )
    parser.add_argument("--max-body", type=int, default=100 * 1024 * 1024, help="bytes allowed in a request")
    parser.add_argument("--log-level", default="WARNING", help="of everything the host and the app log")
    return parser.parse_args()


def _options(arguments: argparse.Namespace) -> HostOptions:
    clock: Clock = FileClock(arguments.clock) if arguments.clock else SystemClock()
    return HostOptions(
        app_dir=arguments.app.resolve(),
        port=arguments.port,
        address=arguments.address,
        keys=load_keys(arguments.keys),
        clock=clock,
        max_body=arguments.max_body,
        lease=arguments.lease,
        shortest_poll=arguments.shortest_poll,
        grace=arguments.grace,
        open_status=arguments.address == "127.0.0.1",
    )


async def _serve(options: HostOptions) -> None:
    host = FunctionsHost(options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await host.start()
    _say(f"functions host ready on http://{options.address}:{host.port} ({len(host.specs)} functions)")
    await stop.wait()
    await host.stop()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _fail(status: int, text: str) -> int:
    sys.stderr.write(f"functions host: {text}\n")
    return status


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Use uvloop where it happens to be installed: a quarter less CPU a message."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def main() -> int:
    """Run the command; return its exit status."""
    arguments = _arguments()
    logging.basicConfig(
        level=arguments.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        if arguments.settings:
            apply_settings_file(arguments.settings, os.environ)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(_options(arguments)))
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            return _fail(2, f"port {arguments.port} on {arguments.address} is taken")
        return _fail(1, str(problem))
    except (LoadError, ValueError) as problem:
        return _fail(1, str(problem))
    return 0


if __name__ == "__main__":
    sys.exit(main())
