"""`hearthline run --once`, as `make run ONCE=1` calls it: exit status 0, and what its last line says."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cli.run import ZONE
from sandbox.play.stories import Cast, Days, stories
from sandbox.population.generate import TODAY, generate
from sandbox.ports import LOOPBACK

ROOT = Path(__file__).parents[2]
PORTS = 10
SERVICES = 9
"""How many of them are used: nothing listens for Service Bus unless that is asked for."""


def free_base() -> int:
    """Find a base from which ten ports in a row are free, below those that the system gives to clients."""
    bases = range(20_000 + os.getpid() % 1_000 * PORTS, 32_000, PORTS)
    for base in bases:
        if all(not listening(base + step) for step in range(PORTS)):
            return base
    raise AssertionError("no ten free ports in a row")


def listening(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex((LOOPBACK, port)) == 0


def command(folder: Path, base: int, *words: str) -> list[str]:
    where = ("--port-base", str(base), "--folder", str(folder))
    return [sys.executable, "-m", "cli.main", *words, *where]


def said_of(people: Iterable[dict[str, Any]]) -> set[str]:
    """Everything by which somebody could be known: names, phone numbers, addresses, numbers, FHIR ids."""
    found: set[str] = set()
    for person in people:
        found |= {person["id"], person.get("birthDate", person["id"])}
        for name in person.get("name", []):
            found |= {name["family"], *name["given"]}
        found |= {point["value"] for point in person.get("telecom", [])}
        found |= {line for address in person.get("address", []) for line in address.get("line", [])}
        found |= {number["value"] for number in person.get("identifier", [])}
    return found


def told_in(logs: str, words: Iterable[str]) -> set[str]:
    """Find words in logs; "Ana" is not in "analysis"."""
    return {word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", logs)}


def test_run_once_judges_itself_and_leaves_nothing(tmp_path: Path) -> None:
    base = free_base()
    done = subprocess.run(
        command(tmp_path, base, "run", "--once"),
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "140"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["patients"] >= 15
    assert summary["changes"] >= 50
    assert summary["messages_sent"] == summary["messages_expected"] > 20
    assert (summary["messages_unknown"], summary["duplicates"], summary["lost"], summary["unexpected"]) == (
        0,
        0,
        0,
        0,
    )
    assert 0 < summary["p50_ms"] <= summary["p99_ms"]
    assert "Traceback" not in done.stdout + done.stderr
    logs = "".join(path.read_text() for path in (tmp_path / "logs").glob("*.log"))
    assert "Unclosed" not in logs
    people = [r for r in generate() if r["resourceType"] in ("Patient", "RelatedPerson")]
    cast = Cast()
    list(stories(Days(TODAY, ZONE), cast))
    assert told_in(logs, said_of([*people, *cast.patients])) == set()
    assert not any(listening(base + step) for step in range(PORTS))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds child processes in /proc")
def test_up_ends_with_sigterm_and_leaves_no_process(tmp_path: Path) -> None:
    """The command itself, with the real app: everything that it started ends with it."""
    base = free_base()
    with subprocess.Popen(
        command(tmp_path, base, "up"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        shown = ""
        while "Ctrl-C" not in shown and (line := process.stdout.readline()):
            shown += line
        started = children_of(process.pid)
        assert len(started) == SERVICES, shown
        taken = subprocess.run(
            command(tmp_path / "other", base, "up"),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert taken.returncode == 1
        assert "is taken: free it, or choose others" in " ".join(taken.stdout.split())
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
    assert not any(listening(base + step) for step in range(PORTS))


def children_of(pid: int) -> list[int]:
    """List the processes that `pid` started (Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found
