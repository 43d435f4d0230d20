"""Long runs by hand: python -m tests.simulation --seed N --steps M --runs K; the last line is JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from typing import TextIO

import pytest

from tests.simulation import run
from tests.simulation.compiling import install
from tests.simulation.faults import POINTS
from tests.simulation.world import World


def main() -> int:
    """Run seeds one after the other; 1 where any of them broke something."""
    asked = _arguments()
    install(pytest.MonkeyPatch())
    tally: Counter[str] = Counter()
    broken: dict[int, list[str]] = {}
    crashed: set[str] = set()
    for seed in range(asked.seed, asked.seed + asked.runs):
        found, worlds = _one(asked.kind, seed, asked.steps)
        for world in worlds:
            crashed |= world.faults.crashed_at()
            tally["steps"] += world.steps
            tally["faults"] += sum(world.faults.tally.values())
            tally["messages_sent"] += len(world.outside.provider.accepted)
        if found:
            broken[seed] = found
            _say(sys.stdout, f"\nHEARTHLINE_SEED={seed}", *found[:5])
        done = seed - asked.seed + 1
        sys.stderr.write(f"\r{done}/{asked.runs} runs, {len(broken)} broken")
    _say(sys.stderr, "")
    never = sorted(set(POINTS) - crashed)
    summary = {"runs": asked.runs, **tally, "broken": sorted(broken), "never_crashed_at": never}
    _say(sys.stdout, json.dumps(summary))
    return 1 if broken else 0


def _one(kind: str, seed: int, steps: int) -> tuple[list[str], list[World]]:
    if kind == "storm":
        outcome = run.storm(seed, steps=steps)
        return outcome.broken, [outcome.world]
    return run.pair(seed)


def _say(stream: TextIO, *lines: str) -> None:
    stream.write("\n  ".join(lines) + "\n")
    stream.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--runs", type=int, default=20, help="how many seeds")
    parser.add_argument("--steps", type=int, default=60, help="most steps between two happenings of a storm")
    parser.add_argument("--kind", choices=("storm", "calm"), default="storm")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
