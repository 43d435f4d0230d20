"""A publication through the whole product: the queue of shards, members, and the command that tells of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner
from ward import Ward

from cli.main import app
from sandbox.plan import app_settings
from shared.catalogue import Document
from shared.fhir.fact import Person
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.usecases.populate import population_progress, start_population
from shared.usecases.publish import publish

URL = "https://populations.example/segments/second"
OURS = "Organization/populations-1"
COUNT = 30
SECOND = Document(
    "segment",
    "second.yaml",
    {"url": URL, "version": "1", "title": "Second", "criteria": {"managing_organization": OURS}},
)


async def _published(ward: Ward) -> str:
    """Store people of our own, and publish a segment that every second of them enters."""
    async with ward.product.opened() as services:
        for number in range(COUNT):
            name = f"populations-{number}"
            person = Person(name, "1", 1, managing_organization=f"Organization/populations-{number % 2}")
            record = PatientRecord(patient_key(name), name, person)
            await services.patients.commit(await services.patients.load(record.key, name), Decision(record))
        return (await publish(services, (SECOND,))).population


async def test_a_published_segment_gets_its_members(ward: Ward, tmp_path: Path) -> None:
    """The functions host works on the shards; `hearthline population` tells what came of it."""
    version = await _published(ward)
    async with ward.product.opened() as services:
        await start_population(services, version, shards=4)
        look = await ward.product.idle()
        assert look.poisoned == {}
        progress = await population_progress(services, version)
        members = await services.indexes.members(URL)
    wanted = sorted(patient_key(f"populations-{number}") for number in range(1, COUNT, 2))
    assert members == tuple(wanted)
    assert progress is not None
    assert progress.finished is not None
    assert progress.looked_at >= COUNT
    assert progress.segments[URL].entered == len(wanted)
    told = await asyncio.to_thread(_told, ward, tmp_path, "population")
    assert f"0 population {version}: {progress.looked_at} patients looked at" in told
    assert "4 of 4 shards done" in told
    waited = await asyncio.to_thread(_told, ward, tmp_path, "population", version, "--wait")
    assert waited.startswith("0 ")
    unknown = await asyncio.to_thread(_told, ward, tmp_path, "population", "99-0123456789abcdef")
    assert unknown == "1 there is no population run for version 99-0123456789abcdef"


async def test_publish_waits_until_everybody_was_looked_at(ward: Ward, tmp_path: Path) -> None:
    """The command returns when the functions host is done with all shards."""
    await _published(ward)
    folder = tmp_path / "mine" / "segments"
    folder.mkdir(parents=True)
    body = {**SECOND.body, "url": "https://populations.example/segments/third", "title": "Third"}
    (folder / "third.yaml").write_text(json.dumps(body))
    told = await asyncio.to_thread(_told, ward, tmp_path, "publish", str(tmp_path / "mine"), "--wait")
    assert told.startswith("0 ")
    assert "1 of 1 were new; every patient is looked at" in told
    assert f"{COUNT // 2} entered and 0 left a segment" in told
    async with ward.product.opened() as services:
        assert len(await services.indexes.members(body["url"])) == COUNT // 2
    again = await asyncio.to_thread(_told, ward, tmp_path, "publish", str(tmp_path / "mine"), "--wait")
    assert "0 of 1 were new; nobody need be looked at for them" in again


def _told(ward: Ward, folder: Path, *arguments: str) -> str:
    """Run a command: its exit status and what it says, on one line."""
    path = folder / "settings.json"
    path.write_text(
        json.dumps({"Values": app_settings(ward.product.stack.plan, ward.product.stack.access_key)})
    )
    result = CliRunner().invoke(app, [*arguments, "--settings", str(path)])
    return " ".join([str(result.exit_code), *result.output.split()])
