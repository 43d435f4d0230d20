"""What a release leaves in its tables, row by row, and what it says of them: for another one to read.

`python -m tests.upgrade.rows FILE` records this release against an emulator of its own.
"""

from __future__ import annotations

import asyncio
import base64
import json
import lzma
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from cli.yaml_files import load_yaml
from sandbox import azurite
from sandbox.ports import free_ports
from sandbox.processes import Children
from shared.adapters.storage_rest import StorageRest, connection_account
from shared.adapters.table_documents import DOCUMENTS, TableDocuments
from shared.adapters.table_indexes import INDEX, WAKEUPS, TableIndexes
from shared.adapters.table_rest import Tables
from shared.adapters.table_store import TABLE, TablePatientStore
from shared.adapters.table_trail import AUDIT
from shared.adapters.tables import TableService, Write
from shared.catalogue import Document
from shared.effects import (
    IndexContact,
    IndexEffect,
    IndexEnrolment,
    IndexLink,
    IndexMember,
    IndexMessage,
    IndexReference,
    Need,
)
from shared.fhir.instants import Instant
from shared.message.policy import Policy
from shared.patient.record import Decision, TimelineLine
from shared.ports import Stored
from shared.usecases.publish import publish
from shared.usecases.published import PublishedDefinitions
from tests.golden.play import Play
from tests.unit.memory_kit import Time, in_memory
from tests.upgrade.halves import GOLDEN

TABLES = (TABLE, WAKEUPS, INDEX, DOCUMENTS, AUDIT)
LIVES = ("appointment-reminders-unclear", "diabetes-outreach-booked", "discharge-follow-up-page")
SEGMENT = "https://hearthline.example/segments/adults"
EFFECTS: tuple[IndexEffect, ...] = (
    IndexMember(SEGMENT, True, 1_700_000_000_000_000, 3),
    IndexReference("Location/1"),
    IndexContact("sms", "+12125550142"),
    IndexMessage("message-1"),
    IndexMessage(
        "message-2", Need("unknown", Instant(5), Instant(6), 2, "sms", "https://hearthline.example/j|1")
    ),
    IndexLink("token-1", "survey", "message-1", "enrolment|step", "RelatedPerson/1", "sms", "care", "es", 17),
    IndexEnrolment("e1", "https://hearthline.example/j|1", "active", 1_700_000_000_000_000, 4, step="ask"),
)


async def leave(tables: TableService) -> None:
    """Do a little of everything that ends in a table."""
    patients, indexes, documents = TablePatientStore(tables), TableIndexes(tables), TableDocuments(tables)
    for number, name in enumerate(LIVES):
        scenario = load_yaml((GOLDEN / f"{name}.yaml").read_text(encoding="utf-8"))
        play = Play(scenario)
        play.run(scenario["happens"][:-1])
        record = msgspec.structs.replace(play.record, key=f"key-{number}", patient_id=f"p{number}")
        lines = tuple(TimelineLine(place, "fact", text) for place, text in enumerate(play.story))
        messages = tuple(record.messages.values()) or tuple(play.planned)
        await patients.commit(Stored(record), Decision(record, timeline=lines, messages=messages))
        await indexes.schedule(record.key, 1_700_000_000_000_000 + number)
        for effect in EFFECTS:
            await indexes.apply(record.key, effect)
    body = {"url": SEGMENT, "version": "1", "title": "Adults", "criteria": {"age": {"at_least": 18}}}
    services = msgspec.structs.replace(in_memory(Time()), documents=documents)
    await publish(services, (Document("segment", "adults.yaml", body),))
    await documents.put("watermarks", "Patient", b'{"upto": 1}', None)


async def said(tables: TableService) -> dict[str, Any]:
    """Read all of it back, as plain data."""
    patients, indexes, documents = TablePatientStore(tables), TableIndexes(tables), TableDocuments(tables)
    keys = sorted([key async for key in patients.keys()])  # noqa: SIM118 - no dict
    found: dict[str, Any] = {"keys": keys}
    for key in keys:
        record = (await patients.load(key)).record
        fields = ("person", "memberships", "enrolments", "messages", "opt_outs", "history", "outbox")
        found[key] = {name: _plain(getattr(record, name)) for name in (*fields, "contacts", "next_due")}
        found[key]["facts"] = {
            kind: _plain(record.facts.of(kind)) for kind in ("Appointment", "Observation", "Encounter")
        }
        found[key]["rows"] = _plain(await patients.messages(key))
        found[key]["timeline"] = _plain(await patients.timeline(key))
    found["due"] = _plain(await indexes.due(2_000_000_000_000_000, 10))
    found["members"] = await indexes.members(SEGMENT)
    found["reference"] = sorted(await indexes.patients_of_reference("Location/1"))
    found["contact"] = sorted(await indexes.patients_of_contact("sms", "+12125550142"))
    found["message"] = await indexes.patient_of_message("message-1")
    found["needs"] = _plain(await indexes.needs("unknown"))
    found["link"] = _plain(await indexes.link("token-1"))
    found["watermark"] = _plain(await documents.get("watermarks", "Patient"))[0]
    catalogue = await PublishedDefinitions(documents, Policy(), 0).current("")
    found["catalogue"] = catalogue.version
    return dict(json.loads(json.dumps(found)))


def _plain(value: object) -> Any:
    return json.loads(msgspec.json.encode(value))


async def dump(tables: TableService) -> list[list[Any]]:
    """Return all rows: table, partition, row, properties; bytes in base64."""
    rows: list[list[Any]] = []
    for table in TABLES:
        async for row, _ in tables.query(table, "PartitionKey ge ''"):
            partition, name = row.pop("PartitionKey"), row.pop("RowKey")
            rows.append([table, partition, name, {k: _written(v) for k, v in sorted(row.items())}])
    return rows


async def restore(tables: TableService, rows: Iterable[list[Any]]) -> None:
    """Put rows into tables as they were."""
    for table, partition, name, properties in rows:
        values = {key: _value(value) for key, value in properties.items()}
        await tables.write(table, Write("upsert", partition, name, values))


def _written(value: object) -> object:
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _value(value: Any) -> Any:
    return base64.b64decode(value["bytes"]) if isinstance(value, dict) else value


@asynccontextmanager
async def tables_of(connection: str) -> AsyncIterator[Tables]:
    """Open the table service, with all tables in it."""
    async with aiohttp.ClientSession() as session:
        tables = Tables(StorageRest(connection_account(connection, "table"), session))
        for name in TABLES:
            await tables.create(name)
        yield tables


async def _record(file: Path, connection: str) -> None:
    async with tables_of(connection) as tables:
        await leave(tables)
        found = {"rows": await dump(tables), "said": await said(tables)}
    with lzma.open(file, "wt", encoding="utf-8", preset=9) as out:
        json.dump(found, out)


def start_azurite(children: Children, folder: Path) -> str:
    """Start an emulator in a folder; its connection string."""
    ports = dict(zip(("blob", "queue", "table"), free_ports(3), strict=True))
    started = [children.start(each, folder / "logs") for each in azurite.services(folder, **ports)]
    for child in started:
        child.wait_healthy()
    return azurite.connection_string(**ports)


def main() -> None:
    """Record this release into the file that the command line names."""
    children = Children()
    with tempfile.TemporaryDirectory() as folder:
        try:
            asyncio.run(_record(Path(sys.argv[1]), start_azurite(children, Path(folder))))
        finally:
            children.stop()


if __name__ == "__main__":
    main()
