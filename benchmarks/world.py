"""The real stack for measurements: Azurite, functions host, ACS stand-in, and a stub FHIR server."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec
import orjson
from msgspec.structs import replace

from benchmarks import people
from sandbox import azurite
from sandbox.functions_host.admin import FunctionStatus, HostStatus
from sandbox.functions_host.keys import Keys
from sandbox.plan import ROOT, Plan, Stages, acs, app_settings, functions_host
from sandbox.ports import Ports, url
from sandbox.processes import Service
from sandbox.stack import Stack
from shared.adapters.storage_rest import StorageRest, connection_account
from shared.adapters.table_rest import Tables
from shared.bootstrap import build
from shared.catalogue import Document
from shared.config import settings
from shared.decide import decide
from shared.events import DefinitionsPublished
from shared.patient.facts import Facts
from shared.patient.record import PatientRecord, patient_key
from shared.ports import Stored
from shared.usecases.publish import publish
from shared.usecases.services import Services

_STORING = 16
_IDLE_POLL = "AzureFunctionsJobHost__extensions__queues__maxPollingInterval"
"""As host.json has it; the sandbox looks at idle queues twenty times a second, a fifth of a core in all."""


@dataclass(frozen=True, slots=True)
class World:
    """What a measurement works with."""

    stack: Stack
    services: Services
    session: aiohttp.ClientSession

    @property
    def pids(self) -> Mapping[str, int]:
        """The process ids, by name."""
        return {child.service.name: child.pid for child in self.stack.children}

    def rest(self, service: str) -> StorageRest:
        """Reach the "table" or the "queue" service with the lean client."""
        return StorageRest(connection_account(self.stack.connection_string, service), self.session)

    @property
    def tables(self) -> Tables:
        """The lean table client."""
        return Tables(self.rest("table"))

    async def succeeded(self) -> int:
        """Return how many changes the host has carried through."""
        changes = await self._changes()
        return changes.executed - changes.failed

    async def failed(self) -> int:
        """Return how many tries at a change have failed."""
        return (await self._changes()).failed

    async def _changes(self) -> FunctionStatus:
        async with self.session.get(f"{self.stack.urls['host']}/admin/host/status") as answer:
            status = msgspec.json.decode(await answer.read(), type=HostStatus)
        return next(one for one in status.functions if one.name == "changes")

    async def waiting(self, queue: str) -> int:
        """Return how many messages a queue holds, hidden ones included."""
        answer = await self.rest("queue").queue("GET", queue, {"comp": "metadata"})
        return int(answer.headers["x-ms-approximate-messages-count"])

    async def accepted(self) -> int:
        """Return how many messages ACS has accepted."""
        async with self.session.get(f"{self.stack.urls['acs']}/sandbox/stats?ids=0") as answer:
            return int(orjson.loads(await answer.read())["accepted"])


@asynccontextmanager
async def world(documents: tuple[Document, ...]) -> AsyncIterator[World]:
    """Start the stack with these definitions in force, in a folder that is gone afterwards."""
    ports = Ports.free()
    other = {
        "HEARTHLINE_FHIR_URL": url(ports.fhir, "/fhir"),
        "HEARTHLINE_CATALOGUE_SECONDS": "1",
        # At whatever hour this is measured, everything goes out at once; no letters are measured.
        "HEARTHLINE_QUIET_HOURS": "null",
        "HEARTHLINE_CAPS": "[]",
        "HEARTHLINE_LETTERS": "false",
        _IDLE_POLL: "00:00:01",
    }
    with tempfile.TemporaryDirectory(prefix="hearthline-bench-") as folder:
        plan = Plan(ports, Path(folder), start=people.START, settings=other)
        async with Stack(plan, _stages) as stack, _session() as session:
            services = await build(settings(app_settings(plan, stack.access_key)), session)
            async with session.put(f"{stack.urls['acs']}/sandbox/reports", data="off") as answer:
                answer.raise_for_status()
            await publish(services, documents)
            yield World(stack, services, session)


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=128))


def _stages(plan: Plan, keys: Keys, access_key: str) -> Stages:
    ports = plan.ports
    storage = azurite.services(plan.folder / "azurite", blob=ports.blob, queue=ports.queue, table=ports.table)
    argv = (sys.executable, "-m", "benchmarks.stub_fhir", str(ports.fhir))
    stub = Service("fhir-stub", argv, ports.fhir, "--fhir-port", cwd=ROOT)
    provider = acs(plan, access_key, next(iter(keys.host.values())))
    return ((*storage, stub, provider), (functions_host(plan, access_key),))


async def store_patients(services: Services, numbers: Iterable[int], facts: int) -> None:
    """Put patients with a past into the store, looked at under the definitions in force, nothing to do."""
    waiting = iter(numbers)
    past = Facts.of_facts(*people.facts(facts))

    async def work() -> None:
        for number in waiting:
            await _store(services, number, past)

    await asyncio.gather(*(work() for _ in range(_STORING)))


async def _store(services: Services, number: int, past: Facts) -> None:
    key = patient_key(f"p-{number}")
    known = PatientRecord(
        key=key,
        patient_id=f"p-{number}",
        person=people.person(number),
        facts=past,
        contacts=(f"sms|{people.phone(number)}",),
    )
    decision = decide(
        known, DefinitionsPublished(), await services.definitions.current(), services.clock.now()
    )
    settled = replace(decision, record=replace(decision.record, outbox={}))
    await services.patients.commit(Stored(PatientRecord(key=key, patient_id=f"p-{number}")), settled)
