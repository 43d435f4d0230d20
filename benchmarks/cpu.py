"""CPU seconds of this process and of others, without a library: `process_time` and /proc/PID/stat."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import tidy

_TICK = os.sysconf("SC_CLK_TCK")


def of_process(pid: int) -> float:
    """Return the user and system seconds that a process has used so far, its threads included (proc(5))."""
    return _seconds(Path(f"/proc/{pid}/stat").read_text())


def of_processes(pids: Mapping[str, int]) -> dict[str, float]:
    """Return what several processes have used, by name."""
    return {name: of_process(pid) for name, pid in pids.items()}


def _seconds(stat: str) -> float:
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return (int(fields[11]) + int(fields[12])) / _TICK


def of_machine() -> float:
    """Return the CPU seconds that the whole machine has used so far, idling left out (proc(5))."""
    fields = list(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
    return (sum(fields) - fields[3] - fields[4]) / _TICK


def since(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return what was used between two readings."""
    return {name: after[name] - before[name] for name in before}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a meter saw: elapsed seconds, and CPU seconds of our processes and of all the others."""

    seconds: float
    cpu: dict[str, float]
    others: float


class Meter:
    """Reads the clock and the CPU of some processes and of this one ("driver"), from its making on."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = {**pids, "driver": os.getpid()}
        self._machine = of_machine()
        self._cpu = of_processes(self._pids)
        self._began = time.perf_counter()

    def read(self) -> Reading:
        """Say what was used since."""
        seconds = time.perf_counter() - self._began
        cpu = since(self._cpu, of_processes(self._pids))
        return Reading(seconds, cpu, max(0.0, of_machine() - self._machine - sum(cpu.values())))


def rate(work: Callable[[], object], count: int, rounds: int) -> float:
    """Return how many a CPU second of this process, in the least disturbed round."""
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return tidy(count / best)


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """Hold a process still for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
