"""The independent CQL engine as a child process, and what it needs to run; used by the tests beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.unit.segment import shipped

HERE = Path(__file__).parent
POPULATION = shipped.DATA / "synthea"
AS_OF = "2021-04-01T00:00:00Z"
PACKAGES = ("cql-execution", "cql-exec-fhir", "@cqframework/cql")

type Cohorts = Mapping[str, frozenset[str]]


def lacking() -> str:
    """Say what is missing to run the engine, or nothing."""
    if shutil.which("node") is None:
        return "no Node: the independent engine runs on it"
    gone = [name for name in PACKAGES if not (shipped.ROOT / "node_modules" / name).is_dir()]
    if gone:
        return f"no {', '.join(gone)} in node_modules: `make setup` brings it"
    if not POPULATION.is_dir():
        return f"no test data: set HEARTHLINE_DATA or put it at {POPULATION}"
    return ""


class Run:
    """The engine at work on a population."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def cohorts(self) -> Cohorts:
        """Wait for the answer, patient ids by cohort; AssertionError says what the engine says."""
        out, problem = self._process.communicate()
        assert self._process.returncode == 0, problem
        return {name: frozenset(ids) for name, ids in json.loads(out).items()}


@contextmanager
def running(folder: Path = POPULATION, *, as_of: str = AS_OF) -> Iterator[Run]:
    """Start the engine on a folder of NDJSON; it works while the caller does."""
    command = [shutil.which("node") or "node", str(HERE / "run_cql.js"), str(folder), "--as-of", as_of]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Run(process)
        finally:
            process.kill()
