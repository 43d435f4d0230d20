"""Preview of a segment over a population in columns: seconds when warm, and memory, in a fresh process.

`python -m benchmarks.preview [--patients N]` makes this measurement alone. The population is made once and
kept in the temporary folder: a million patients take two minutes and a gigabyte.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from tempfile import gettempdir

from benchmarks.preview_data import EACH, NOW, make
from benchmarks.preview_segments import composed, five_clauses
from benchmarks.report import Json, at_most, spread
from shared.adapters.columns_duckdb import ParquetColumns
from shared.segment.definition import SegmentDefinition
from shared.segment.valuesets import ValueSets
from shared.usecases.preview import Asked, preview

MILLION = 1_000_000
REPEATS = 7
_NO_VALUESETS = ValueSets.of([])


def measure(patients: int, tell: Callable[[str], object] = lambda words: None) -> Json:
    """Make the population if need be, then measure in a process that does nothing else."""
    tell(f"a population of {patients:,} in columns")
    began = time.perf_counter()
    make(_folder(patients), patients)
    made = time.perf_counter() - began
    tell(f"previews of {patients:,} patients")
    command = [sys.executable, "-m", "benchmarks.preview", "--patients", str(patients)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, object] = json.loads(answer.stdout)
    return {**found, "making_the_population_seconds": round(made, 1)}


def _folder(patients: int) -> Path:
    return Path(gettempdir()) / "hearthline-benchmarks" / f"preview-{patients}"


def _here(patients: int) -> Json:
    """Measure in this process."""
    folder = _folder(patients)
    snapshot = make(folder, patients)
    columns = ParquetColumns(folder)
    five, hung = (_previews(columns, one()) for one in (five_clauses, composed))
    columns.close()
    memory = _most_memory()
    return {
        "patients": patients,
        "facts": snapshot.facts,
        "facts_each": EACH,
        "five_clauses": five,
        "composed": hung,
        "five_clauses_seconds": at_most(_best(five), 1.0),
        "memory_megabytes": at_most(memory, 1000),
    }


def _most_memory() -> float:
    """Return the most memory, in MiB, that this program ever held.

    Linux counts into ru_maxrss what the process held before it became this program: a fork of who made the
    population. VmHWM begins anew.
    """
    status = Path("/proc/self/status")
    if status.exists():
        held = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(held.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _previews(columns: ParquetColumns, definition: SegmentDefinition) -> Json:
    """Preview again and again; the first time, cold, apart from the others."""
    seconds, processor, members = [], [], 0
    for _ in range(REPEATS + 1):
        began, spent = time.perf_counter(), time.process_time()
        members = preview(columns, Asked(definition, _NO_VALUESETS, UTC, NOW)).members
        seconds.append(time.perf_counter() - began)
        processor.append(time.process_time() - spent)
    return {
        "members": members,
        "first_seconds": round(seconds[0], 3),
        "warm_seconds": spread(seconds[1:]),
        "processor_seconds": spread(processor[1:]),
    }


def _best(previews: Json) -> float:
    warm = previews["warm_seconds"]
    assert isinstance(warm, dict)
    return float(warm["best"])


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.preview", description=__doc__)
    parser.add_argument("--patients", type=int, default=MILLION)
    print(json.dumps(_here(parser.parse_args().patients), indent=2))


if __name__ == "__main__":
    main()
