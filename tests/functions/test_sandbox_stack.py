"""The stack: order, health, restart, one at a time in a folder, and nothing left behind."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import pytest

from sandbox import plan as plans
from sandbox.functions_host.keys import Keys
from sandbox.idle import BusyError, until_idle
from sandbox.plan import Plan
from sandbox.population.load import load
from sandbox.ports import Ports, PortTakenError
from sandbox.processes import Service, ServiceFailedError
from sandbox.stack import FolderInUseError, Stack
from shared.fhir.instants import parse_instant

START = parse_instant("2026-03-02T08:00:00Z")
STAND_IN = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def stand_in(name: str, port: int, code: str = STAND_IN) -> Service:
    return Service(name, (sys.executable, "-c", code, str(port)), port, f"--{name}-port")


def two_stages(plan: Plan, _keys: Keys, _access_key: str) -> Sequence[Sequence[Service]]:
    return [[stand_in("fhir", plan.ports.fhir)], [stand_in("host", plan.ports.host)]]


def plan_in(folder: Path, **more: object) -> Plan:
    return Plan(Ports.free(), folder, start=START, speed=0.0, **more)  # type: ignore[arg-type]


def listening(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


async def test_services_start_in_order_and_are_gone_afterwards(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    async with Stack(plan, two_stages) as stack:
        assert [child.service.name for child in stack.children] == ["fhir", "host"]
        assert all(listening(child.service.port) for child in stack.children)
        assert stack.urls["fhir"] == f"http://127.0.0.1:{plan.ports.fhir}/fhir"
        assert stack.clock.now() == START
    assert not listening(plan.ports.fhir)
    assert not listening(plan.ports.host)


async def test_a_killed_host_is_started_again_and_the_others_stay(tmp_path: Path) -> None:
    async with Stack(plan_in(tmp_path), two_stages) as stack:
        fhir, host = (child.pid for child in stack.children)
        await stack.restart_host()
        after = {child.service.name: child.pid for child in stack.children}
        assert after["fhir"] == fhir
        assert after["host"] != host
        assert listening(stack.plan.ports.host)


async def test_a_taken_port_stops_what_was_started(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    said = f"port {plan.ports.host} for host is taken.*--host-port"
    with socket.create_server(("127.0.0.1", plan.ports.host)), pytest.raises(PortTakenError, match=said):
        await Stack(plan, two_stages).__aenter__()
    assert not listening(plan.ports.fhir)


async def test_a_service_that_ends_by_itself_is_reported(tmp_path: Path) -> None:
    async with Stack(plan_in(tmp_path), two_stages) as stack:
        stack.children[0].kill()
        with pytest.raises(ServiceFailedError, match="fhir ended with status -9"):
            await asyncio.wait_for(stack.watch(), 5)


async def test_one_stack_a_folder(tmp_path: Path) -> None:
    async with Stack(plan_in(tmp_path), two_stages):
        with pytest.raises(FolderInUseError, match="already runs"):
            await Stack(plan_in(tmp_path), two_stages).__aenter__()
    async with Stack(plan_in(tmp_path), two_stages):
        pass


async def test_keep_goes_on_with_clock_and_keys_else_both_are_new(tmp_path: Path) -> None:
    async with Stack(plan_in(tmp_path), two_stages) as first:
        first.clock.set(parse_instant("2026-04-01T00:00:00Z"))
    async with Stack(plan_in(tmp_path, keep=True), two_stages) as second:
        assert second.clock.now() == parse_instant("2026-04-01T00:00:00Z")
        assert (second.keys, second.access_key) == (first.keys, first.access_key)
    async with Stack(plan_in(tmp_path), two_stages) as third:
        assert third.clock.now() == START
        assert third.keys != first.keys


def test_every_setting_that_the_stack_gives_is_one_that_the_product_reads(tmp_path: Path) -> None:
    from shared.config import settings

    given = plans.app_settings(plan_in(tmp_path), plans.new_access_key())
    read = settings(given)
    assert read.sources[0].name == "events"
    aliases = {str(field.alias) for field in type(read).model_fields.values()}
    given = {name for name in given if not name.startswith("AzureFunctionsJobHost__")}  # the host's own
    assert given <= aliases


@pytest.fixture(scope="module")
def tiny_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("app")
    here = Path(__file__).parent
    shutil.copy(here / "stack_app.py", folder / "function_app.py")
    shutil.copy(here / "fixture_app" / "host.json", folder / "host.json")
    return folder


async def test_the_real_services_carry_a_change_from_the_fhir_server_to_the_app(
    tmp_path: Path, tiny_app: Path
) -> None:
    """Everything real but the app: FHIR server → event source → functions host → queue, over a SIGKILL."""
    seen = tmp_path / "seen"
    plan = plan_in(tmp_path, app=tiny_app, settings={"STACK_APP_SEEN": str(seen)})
    async with Stack(plan) as stack, aiohttp.ClientSession() as session:
        patients = [{"resourceType": "Patient", "id": f"p{n}"} for n in range(20)]
        await load(patients[:10], stack.urls["fhir"])
        await until_idle(stack, 20)
        await stack.restart_host()
        await load(patients[10:], stack.urls["fhir"])
        calm = await until_idle(stack, 20)
        places = {line.partition("/")[2] for line in seen.read_text().splitlines()}
        assert places == {f"Patient/p{n}" for n in range(20)}
        async with session.get(f"{stack.urls['events']}/sandbox/stats") as answer:
            stats = await answer.json()
        assert (stats["received"], stats["pending"], stats["deadLettered"]) == (20, 0, 0)
        assert calm.poisoned == {}
        async with session.put(f"{stack.urls['events']}/sandbox/behaviour", json={"hold": True}):
            await load(patients[:1], stack.urls["fhir"])
            with pytest.raises(BusyError, match=r"1 event\(s\) not delivered"):
                await until_idle(stack, 0.1)


def test_hearthline_up_ends_with_sigterm_and_leaves_nothing(tmp_path: Path, tiny_app: Path) -> None:
    ports = Ports.free()
    code = (
        "import asyncio, sys; from pathlib import Path; from rich.console import Console; "
        "from cli.up import serve; from sandbox.plan import Plan; from sandbox.ports import Ports; "
        f"plan = Plan(Ports({', '.join(str(getattr(ports, name)) for name in Ports.__slots__)}), "
        f"Path({str(tmp_path)!r}), Path({str(tiny_app)!r})); "
        "sys.exit(asyncio.run(serve(plan, Console(width=120))))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        shown = ""
        while "Ctrl-C stops everything" not in shown and (line := process.stdout.readline()):
            shown += line
        assert "healthy" in shown
        assert urllib.request.urlopen(f"http://127.0.0.1:{ports.acs}/sandbox/health").status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    used = [getattr(ports, name) for name in Ports.__slots__ if name != "bus"]
    assert not any(listening(port) for port in used)
