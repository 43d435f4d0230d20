"""`python -m benchmarks [--quick] [--only NAME]`: measure, and print one JSON object on stdout."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import time
from collections.abc import Callable

import orjson
from rich.console import Console

from benchmarks.report import Json, targets
from benchmarks.sizes import FULL, QUICK
from benchmarks.suite import SUITE, Run


def main() -> int:
    """Run the command; exit status 0 whatever was measured: targets are reported, not enforced."""
    arguments = _arguments()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        report = runner.run(measure(arguments.quick, arguments.only or tuple(SUITE)))
    sys.stdout.write(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller counts: under ninety seconds")
    parser.add_argument(
        "--only", action="append", choices=tuple(SUITE), help="one measurement; may be repeated"
    )
    return parser.parse_args()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Use uvloop where the functions host does, so that bare operations are issued by the same means."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def measure(quick: bool, names: tuple[str, ...]) -> Json:
    """Make the measurements, telling on stderr what is under way."""
    began = time.perf_counter()
    console = Console(stderr=True)
    results: dict[str, object] = {}
    with console.status("starting") as status:

        def tell(words: str) -> None:
            status.update(f"{words} ({time.perf_counter() - began:.0f} s)")

        for name in names:
            began_part = time.perf_counter()
            results[name] = await SUITE[name](Run(QUICK if quick else FULL, tell))
            console.print(f"{name}: {time.perf_counter() - began_part:.0f} s")
    return summary(results, {"quick": quick, "seconds": round(time.perf_counter() - began, 1)})


def summary(results: Json, run: Json) -> Json:
    """Put results, the machine and the outcome of every target together."""
    held = dict(targets(results))
    return {
        "run": {**run, "cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()},
        "targets": {name: f"{one['value']} {one['target']}" for name, one in held.items()},
        "missed": [name for name, one in held.items() if not one["met"]],
        "results": results,
    }


if __name__ == "__main__":
    sys.exit(main())
