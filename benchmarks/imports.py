"""How long `import function_app` takes in a fresh interpreter: the part of a cold start that is ours.

With bytecode, as `make package` brings it along, and without: Azure mounts the app read-only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from statistics import median

from benchmarks.report import Json, below, spread, tidy
from sandbox.plan import ROOT

_TIMED = """
import sys, time
began = time.perf_counter()
used = time.process_time()
import function_app
print(time.perf_counter() - began, time.process_time() - used, len(sys.modules))
"""


def measure(times: int) -> Json:
    """Import so often; the median counts. What costs most is listed by package and by module, in ms."""
    with tempfile.TemporaryDirectory() as cache:
        run_python(cache, "-c", "import function_app")  # writes the bytecode
        runs = [_timed(cache) for _ in range(times)]
        listed = run_python(cache, "-X", "importtime", "-c", "import function_app").stderr
    with tempfile.TemporaryDirectory() as empty:
        bare = [_timed(empty, "-B") for _ in range(times)]
    seconds = [run[0] for run in runs]
    own = list(import_times(listed.splitlines()))
    return {
        "import_seconds": below(median(seconds), 0.7),
        "spread_seconds": spread(seconds),
        "cpu_seconds": spread([run[1] for run in runs]),
        "without_bytecode_seconds": spread([run[0] for run in bare]),
        "modules": int(runs[0][2]),
        "slowest_packages_ms": most(_by_package(own)),
        "slowest_modules_ms": most(own),
    }


def import_times(lines: Iterable[str]) -> Iterable[tuple[str, float]]:
    """Read what `-X importtime` writes: each module, and the milliseconds of its own."""
    for line in lines:
        own, _, rest = line.removeprefix("import time:").partition("|")
        if line.startswith("import time:") and own.strip().isdigit():
            yield rest.partition("|")[2].strip(), int(own) / 1000


def most(times: Iterable[tuple[str, float]], count: int = 10) -> Json:
    """Return those that take longest."""
    found = sorted(times, key=lambda one: -one[1])[:count]
    return {name: tidy(milliseconds) for name, milliseconds in found}


def _by_package(times: Iterable[tuple[str, float]]) -> Iterable[tuple[str, float]]:
    summed: Counter[str] = Counter()
    for name, milliseconds in times:
        summed[_package(name)] += milliseconds  # type: ignore[assignment] # counts milliseconds
    return summed.items()


def _package(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] in ("azure", "shared") else parts[0]


def _timed(cache: str, *options: str) -> tuple[float, ...]:
    return tuple(map(float, run_python(cache, *options, "-c", _TIMED).stdout.split()))


def run_python(cache: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with its bytecode in a folder of ours, whatever else is set."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "PYTHONPYCACHEPREFIX": cache}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
