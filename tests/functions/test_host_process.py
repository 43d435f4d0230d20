"""`python -m sandbox.functions_host`: ready line, virtual clock, signals, a taken port, a killed host."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient, TextBase64EncodePolicy
from host_support import APP, ENVIRON, KEYS, NO_BUS, PATIENCE

from sandbox.functions_host.keys import write_keys
from shared.adapters.clock import FileClock
from shared.fhir.instants import HOUR, Instant, parse_instant

ROOT = Path(__file__).parents[2]
NO_QUEUE = {"AzureWebJobs.works.Disabled": "true"}


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    write_keys(tmp_path / "keys.json", KEYS)
    return tmp_path / "keys.json"


def launch(keys: Path, *extra: str, app: Path = APP, port: int = 0, **environ: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "sandbox.functions_host",
        "--app",
        app,
        "--port",
        str(port),
        "--keys",
        keys,
    ]
    return subprocess.Popen(
        [*command, *extra],
        cwd=ROOT,
        env=os.environ | ENVIRON | NO_BUS | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(keys: Path, *extra: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a host; yields it and its address once it says that it is ready."""
    with launch(keys, *extra, **environ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("functions host ready on http://127.0.0.1:"), (
                line + process.communicate()[1]
            )
            yield process, line.split()[4]
        finally:
            process.kill()


def status(address: str) -> dict:
    with urllib.request.urlopen(f"{address}/admin/host/status", timeout=PATIENCE) as answer:
        return json.load(answer)


def until(address: str, holds: Callable[[dict], bool]) -> dict:
    """Ask for the status until it is as wanted; every question waits for the host, so this does not spin."""
    end = time.monotonic() + PATIENCE
    while not holds(found := status(address)):
        assert time.monotonic() < end, found
    return found


def counts(found: dict, name: str) -> tuple[int, int]:
    own = next(each for each in found["functions"] if each["name"] == name)
    return own["inFlight"], own["executed"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_that_it_is_ready_and_stops_when_asked(keys: Path, number: int) -> None:
    with running(keys, **NO_QUEUE) as (process, address):
        assert status(address)["state"] == "Running"
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE)
        assert (process.returncode, errors) == (0, "")


def test_timers_follow_the_clock_file(keys: Path, tmp_path: Path) -> None:
    start = parse_instant("2031-05-01T00:01:00Z")
    clock = FileClock.create(tmp_path / "clock", start, speed=0)
    with running(keys, "--clock", str(tmp_path / "clock"), **NO_QUEUE) as (_, address):
        found = until(address, lambda each: each["timersCaughtUpTo"] == start)
        assert (counts(found, "ticks"), counts(found, "wakes")) == ((0, 0), (0, 1))
        later = Instant(start + HOUR)
        clock.set(later)
        found = until(address, lambda each: each["timersCaughtUpTo"] == later)
        assert counts(found, "ticks") == (0, 1)


def test_settings_come_from_a_file_unless_they_are_set(keys: Path, tmp_path: Path) -> None:
    values = {"AzureWebJobs.wakes.Disabled": "true", "FIXTURE_QUEUE": "ignored", **NO_QUEUE}
    (tmp_path / "settings.json").write_text(json.dumps({"Values": values}))
    with running(keys, "--settings", str(tmp_path / "settings.json")) as (_, address):
        assert "wakes" not in {each["name"] for each in status(address)["functions"]}


def test_a_taken_port_is_one_clear_line(keys: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with launch(keys, port=port, **NO_QUEUE) as process:
            output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert (output, errors) == ("", f"functions host: port {port} on 127.0.0.1 is taken\n")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "there is no function_app.py"),
        ("import nothing_of_that_name", "nothing_of_that_name"),
        (
            "import azure.functions as func\napp = func.FunctionApp()\n"
            "@app.timer_trigger(arg_name='t', schedule='%NOWHERE%')\ndef f(t: func.TimerRequest): ...\n"
            "@app.timer_trigger(arg_name='t', schedule='* *')\ndef g(t: func.TimerRequest): ...\n",
            "function f: app setting 'NOWHERE' is not set; function g: '* *' is neither",
        ),
    ],
)
def test_an_app_that_cannot_be_served_says_why(
    keys: Path, tmp_path: Path, source: str | None, message: str
) -> None:
    if source is not None:
        (tmp_path / "function_app.py").write_text(source)
    with launch(keys, app=tmp_path) as process:
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert message in errors


def test_a_killed_hosts_message_comes_back_to_the_next(keys: Path, azurite: str) -> None:
    name = f"q{uuid.uuid4().hex}"
    environ = {"AzureWebJobsStorage": azurite, "FIXTURE_QUEUE": name}
    with QueueClient.from_connection_string(
        azurite, name, message_encode_policy=TextBase64EncodePolicy()
    ) as queue:
        queue.create_queue()
        queue.send_message("wait")
        for _ in range(2):  # the first is killed in the middle, the second is given the message again
            with running(keys, "--lease", "1", **environ) as (process, address):
                until(address, lambda each: counts(each, "works") == (1, 0))
                process.send_signal(signal.SIGKILL)
                process.wait(PATIENCE)
        assert queue.get_queue_properties().approximate_message_count == 1
