"""The real app in the real functions host, over Azurite and the ACS stand-in; its FHIR server is a stub."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import aiohttp
import orjson
from notifiers import Issuer
from stub_fhir import StubFhir

from cli.definitions import read_definitions
from sandbox import azurite
from sandbox import plan as plans
from sandbox.functions_host.keys import Keys
from sandbox.functions_host.queue_messages import decode_text
from sandbox.functions_host.queue_rest import RestQueue
from sandbox.idle import Look, until_idle
from sandbox.plan import ROOT, Plan, Stages, app_settings
from sandbox.ports import Ports
from sandbox.stack import Stack
from shared.adapters.clock import FileClock
from shared.adapters.storage_rest import StorageRest, connection_account
from shared.adapters.table_rest import Tables
from shared.bootstrap import build
from shared.config import Transport, settings
from shared.fhir.instants import parse_instant
from shared.queues import QUEUES
from shared.usecases.jobs import Job, decode_job
from shared.usecases.publish import publish
from shared.usecases.services import Services
from tests.nobody import look_through

START = parse_instant("2026-03-03T15:00:00Z")
"""A Tuesday at ten in New York: neither quiet hours nor a weekend are in the way."""
TABLES = ("patients", "wakeups", "index", "documents", "audit")
SOON = {"AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:00:01"}
"""The app setting with which a failed message is tried again in a second, not in ten."""
PROBLEM = "application/problem+json"


class Reply(NamedTuple):
    """What the host answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        found = orjson.loads(self.body)
        assert isinstance(found, dict)
        return found


class Product:
    """A running product and what a test does to it."""

    def __init__(self, stack: Stack, fhir: StubFhir) -> None:
        self.stack = stack
        self.fhir = fhir
        self.published = False
        self.issuer = Issuer()
        fhir.documents |= self.issuer.documents(fhir.url)
        self.clock: FileClock = stack.clock
        self.connection_string = stack.connection_string

    @property
    def urls(self) -> Mapping[str, str]:
        return {**self.stack.urls, "events": self.fhir.url}

    def call(
        self,
        method: str,
        path: str,
        body: bytes | object = b"",
        headers: Mapping[str, str | bytes] | None = None,
        key: str | None = "",
    ) -> Reply:
        """Send one request just as it is written; `key` None sends no function key, "" the right one."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        shown = {} if key is None else {"x-functions-key": key or self.stack.function_key}
        connection = HTTPConnection("127.0.0.1", self.stack.plan.ports.host, timeout=30)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in {"Content-Length": str(len(content)), **shown, **(headers or {})}.items():
                connection.putheader(name, value)
            connection.endheaders(content)
            answer = connection.getresponse()
            return Reply(answer.status, _small(answer.getheaders()), answer.read())
        finally:
            connection.close()

    async def restart(self, service: str) -> None:
        """Start one of the storage services again, with what it had."""
        logs = self.stack.plan.folder / "logs"
        child = await self.stack._children.restart(service, logs, kill=False)
        await asyncio.to_thread(child.wait_healthy)

    @asynccontextmanager
    async def without(self, service: str) -> AsyncIterator[None]:
        """Stop one of the storage services for as long as this lasts."""
        child = next(each for each in self.stack.children if each.service.name == service)
        await asyncio.to_thread(child.stop)
        try:
            yield
        finally:
            await self.restart(service)

    def functions(self) -> list[tuple[str, str]]:
        """List what the host runs: names and kinds of trigger."""
        told = self.call("GET", "/admin/host/status").json["functions"]
        assert isinstance(told, list)
        return [(str(each["name"]), str(each["trigger"])) for each in told]

    async def idle(self, limit: float = 20.0) -> Look:
        """Wait until nothing moves any more."""
        return await until_idle(self, limit)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds()`."""
        async with asyncio.timeout(20):
            while not holds():  # noqa: ASYNC110  # it is about other processes
                await asyncio.sleep(0.01)

    async def arrived(self, queue: str, count: int) -> list[Job]:
        """Take `count` jobs off a queue to which no function listens, as they come."""
        found: list[Job] = []
        async with asyncio.timeout(20):
            while len(found) < count:
                found += await self.take(queue)
        return found

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Services]:
        """Give the product's services in this process, to look at what it did."""
        async with aiohttp.ClientSession() as session:
            yield await build(settings(app_settings(self.stack.plan, self.stack.access_key)), session)

    async def send(self, queue: str, *bodies: bytes) -> None:
        """Put messages on a queue as the product does, whatever carries it."""
        async with self.opened() as services:
            for body in bodies:
                await services.queue.send(queue, body)

    async def take(self, queue: str) -> list[Job]:
        """Take all jobs off a queue that no function listens to."""
        return [decode_job(decode_text(text, "base64")) for text in await self.take_texts(queue)]

    async def take_texts(self, queue: str) -> list[str]:
        """Take all messages off a queue, as they are stored."""
        found: list[str] = []
        async with aiohttp.ClientSession() as session:
            opened = RestQueue(StorageRest(self._account("queue"), session), queue)
            while batch := await opened.receive(32, 60):
                for message in batch:
                    found.append(message.text)
                    await opened.delete(message)
        return found

    async def put(self, queue: str, *texts: str) -> None:
        """Put messages on a queue, as they are stored."""
        async with aiohttp.ClientSession() as session:
            for text in texts:
                await RestQueue(StorageRest(self._account("queue"), session), queue).send(text)

    async def stored(self) -> dict[str, object]:
        """Look at everything that is stored: each row with its ETag, each queue with its count."""
        async with aiohttp.ClientSession() as session:
            tables = Tables(StorageRest(self._account("table"), session))
            rows: dict[str, object] = {}
            for table in TABLES:
                async for row, etag in tables.query(table, "PartitionKey ge ''"):
                    rows[f"{table}/{row['PartitionKey']}/{row['RowKey']}"] = etag
            rest = StorageRest(self._account("queue"), session)
            for name in QUEUES:
                answer = await rest.queue("GET", name, {"comp": "metadata"})
                rows[name] = answer.headers["x-ms-approximate-messages-count"]
        return rows

    async def clear(self) -> None:
        """Empty every queue and forget all documents but the definitions."""
        async with aiohttp.ClientSession() as session:
            rest = StorageRest(self._account("queue"), session)
            for name in QUEUES:
                await rest.queue("DELETE", f"{name}/messages", {})
            tables = Tables(StorageRest(self._account("table"), session))
            for kind in ("counters", "rejections", "watermarks"):
                async for row, _ in tables.query("documents", f"PartitionKey eq '{kind}'"):
                    path = f"documents(PartitionKey='{kind}',RowKey='{row['RowKey']}')"
                    rest = StorageRest(self._account("table"), session)
                    await rest.table("DELETE", path, headers={"If-Match": "*"})

    def _account(self, service: str) -> object:
        return connection_account(self.connection_string, service)


def _small(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


@contextmanager
def running(
    folder: Path,
    sources: Sequence[object] = (),
    wrong_key: bool = False,
    app: Path = ROOT,
    transport: Transport = "storage",
    **chosen: str,
) -> Iterator[Product]:
    """Run a product: Azurite, ACS and the host, on free ports, its clock standing at START.

    With `wrong_key`, the storage account refuses its key. `app` is a folder with another function_app.py.
    """
    fhir = StubFhir()
    own = {
        "HEARTHLINE_FHIR_URL": f"{fhir.url}/fhir",
        "HEARTHLINE_ENTRA_ISSUER": f"{fhir.url}/issuer",
        "HEARTHLINE_CATALOGUE_SECONDS": "0",
        **({"HEARTHLINE_SOURCES": json.dumps(sources)} if sources else {}),
        **chosen,
    }
    plan = Plan(Ports.free(), folder, app, start=START, speed=0.0, transport=transport, settings=own)
    if wrong_key:
        own["AzureWebJobsStorage"] = plan.connection_string.replace(azurite.KEY, "d3Jvbmc=")
    with asyncio.Runner() as runner:
        stack = Stack(plan, _stages)
        runner.run(stack.__aenter__())
        try:
            product = Product(stack, fhir)
            ready = product.call("GET", "/api/health/ready", key=None)
            assert ready.status == (503 if wrong_key else 200)
            yield product
        finally:
            runner.run(stack.__aexit__(None, None, None))
            fhir.close()
            log = folder / "logs" / "host.log"
            look_through(log.read_text("utf-8", "replace") if log.exists() else "", "log of a functions host")


def _stages(plan: Plan, keys: Keys, access_key: str) -> Stages:
    ports = plan.ports
    storage = azurite.services(plan.folder / "azurite", blob=ports.blob, queue=ports.queue, table=ports.table)
    acs = plans.acs(plan, access_key, next(iter(keys.host.values())))
    return ((*storage, *plans.bus(plan), acs), (plans.functions_host(plan, access_key),))


async def published(product: Product) -> None:
    """Put the shipped definitions in force."""
    async with product.opened() as services:
        await publish(services, read_definitions())
    product.published = True
