"""What the storage contract tests share: services, a line that fails, records with all in them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from urllib.parse import urlsplit

import aiohttp
from msgspec.structs import replace

from shared.adapters.queue_rest import StorageQueues
from shared.adapters.queue_sdk import SdkQueues
from shared.adapters.storage_rest import Account, StorageRest
from shared.adapters.table_rest import Tables
from shared.adapters.table_sdk import SdkTables
from shared.adapters.tables import TableService
from shared.fhir.fact import Component, Fact, Value
from shared.patient.record import Decision, PatientRecord, TimelineLine
from shared.patient.state import Message

SERVICES = ("rest", "sdk")
PORTS = ("memory", *SERVICES)
PAGED = ("memory", "rest")
"""For what takes a thousand rows to set up; that the SDK turns pages is tested on its own."""

_numbers = count(1)


def fresh(prefix: str) -> str:
    """Return a name that no other test uses."""
    return f"{prefix}{next(_numbers)}"


@asynccontextmanager
async def table_service(kind: str, account: Account) -> AsyncIterator[TableService]:
    """Open the table service, over REST or the SDK."""
    if kind == "sdk":
        sdk = SdkTables(account)
        try:
            yield sdk
        finally:
            await sdk.close()
    else:
        async with aiohttp.ClientSession() as session:
            yield Tables(StorageRest(account, session))


@asynccontextmanager
async def queue_service(
    kind: str, account: Account, names: dict[str, str]
) -> AsyncIterator[StorageQueues | SdkQueues]:
    """Open the queue service, over REST or the SDK."""
    if kind == "sdk":
        sdk = SdkQueues(account, names=names)
        try:
            yield sdk
        finally:
            await sdk.close()
    else:
        async with aiohttp.ClientSession() as session:
            yield StorageQueues(StorageRest(account, session), names)


class Line:
    """A TCP line to a service, which can lose the next request or answer, or answer in its place."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.lose_request = False
        self.lose_answer = False
        self.instead = b""
        """What the next request gets as its answer, in place of going on."""
        self.account = account

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Line]:
        """Listen on a free port; `account` then leads through the line."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        parts = urlsplit(self._account.endpoint)
        endpoint = parts._replace(netloc=f"127.0.0.1:{self.port}").geturl()
        self.account = replace(self._account, endpoint=endpoint)
        try:
            yield self
        finally:
            self.cut()

    def hang_up(self) -> None:
        """Hang up on everybody; they may call again."""
        self._server.close_clients()

    def cut(self) -> None:
        """Hang up on everybody, and take nobody on."""
        self._server.close()
        self.hang_up()

    async def mend(self) -> None:
        """Take callers on again."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(self._account.endpoint)
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, far_writer, "lose_request", writer))
                both.create_task(self._pump(far_reader, writer, "lose_answer"))
        finally:
            far_writer.close()
            writer.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        fault: str,
        back: asyncio.StreamWriter | None = None,
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if back is not None and self.instead:
                    back.write(self.instead)
                    self.instead = b""
                    break
                if getattr(self, fault):
                    setattr(self, fault, False)
                    break
                writer.write(data)
                await writer.drain()
        writer.close()


class Interrupted:
    """A table service during which, once, something else happens after the first read."""

    def __init__(
        self, inner: TableService, meanwhile: Callable[[], Awaitable[object]], times: int = 1
    ) -> None:
        self._inner = inner
        self._meanwhile = meanwhile
        self._times = times

    async def get(self, table: str, partition: str, row: str):
        found = await self._inner.get(table, partition, row)
        if self._times and row.endswith("-0"):
            self._times -= 1
            await self._meanwhile()
        return found


def noise(size: int, seed: int = 0) -> str:
    """Return text of about `size` bytes that hardly packs smaller."""
    letters = random.Random(seed).choices("".join(map(chr, range(0x4E00, 0x9000))), k=size // 2)
    return "".join(letters)


def a_fact(number: int, kind: str = "Observation", **changes: object) -> Fact:
    """Make a fact with something in every field."""
    fact = Fact(
        resource_type=kind,
        resource_id=f"{kind[:3].lower()}-{number:06d}-{(number * 2654435761) & 0xFFFFFFFF:08x}",
        version="1",
        updated=1_600_000_000_000_000 + number,
        status="final",
        codes=("http://loinc.org|4548-4", f"http://hospital.example|{number % 40}"),
        start=1_600_000_000_000_000 + number * 1_000_003,
        end=1_700_000_000_000_000,
        value=Value(6.1 + number % 50 / 10, "%", ("urn:oid:1.2|a",), "text"),
        components=(Component(("http://loinc.org|8480-6",), Value(120.5, "mm[Hg]")),),
        attributes={"category": ("http://terminology.hl7.org|laboratory",)},
        title=f"Hämoglobin A1c №{number}",
    )
    return replace(fact, **changes)


def a_message(number: int = 1, **changes: object) -> Message:
    """Make a message with something in every field."""
    message = Message(
        message_id=f"message-{number:04d}",
        enrolment_id="enrolment-1",
        sequence=3,
        step="ask",
        journey="https://hearthline.example/j|1",
        template="https://hearthline.example/t|2",
        channel="sms",
        to="+15550100",
        language="es-MX",
        status="in-progress",
        created=1_700_000_000_000_000 + number,
        due=1_700_000_000_000_001,
        status_reason="quiet hours until 08:00",
        focus="Appointment/1",
        first_sent=1_700_000_000_000_002,
        claimed_by="worker",
        claimed_at=1_700_000_000_000_003,
        attempts=2,
        provider_id='provider\'s "id"',
        delivery="delivered",
        delivery_at=1_700_000_000_000_004,
        text="Hola, señora Núñez 👋 — 'HbA1c' <9>",
        subject="日本語",
    )
    return replace(message, **changes)


def line(text: str, *refs: str, at: int = 1) -> TimelineLine:
    """Make a line of the timeline."""
    return TimelineLine(at, "fact", text, refs)


def with_facts(record: PatientRecord, *facts: Fact) -> PatientRecord:
    """Return the record with these facts as well."""
    grown = record.facts
    for fact in facts:
        grown = grown.with_fact(fact)
    return replace(record, facts=grown)


def deciding(record: PatientRecord, *lines: TimelineLine, messages: tuple[Message, ...] = ()) -> Decision:
    """Make a decision that leads to this record."""
    return Decision(record, timeline=lines, messages=messages)
