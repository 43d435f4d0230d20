"""A dry run over the patient store: those inside go on, opt-outs hold, and nothing at all is written."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from typer.testing import CliRunner

from cli.main import app
from shared.bootstrap import build
from shared.catalogue import Document
from shared.config import settings
from shared.fhir.choice import Choice
from shared.fhir.fact import ContactPoint, Name, Person
from shared.fhir.instants import parse_instant
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.patient.state import Enrolment, JourneyHistory
from shared.usecases.publish import publish

START = "2026-03-02T09:00:00Z"


@pytest.fixture
def base(tmp_path: Path) -> str:
    """Name what is this test's own: storage is shared."""
    return f"https://{tmp_path.name.replace('_', '-')}.example"


def journey(base: str, version: str, days: int, inside: str) -> dict[str, Any]:
    send = {"kind": "send", "template": f"{base}/templates/hello", "channels": ["sms"]}
    return {
        "url": f"{base}/journeys/care",
        "version": version,
        "title": "Care",
        "trigger": {"event": "asked-for"},
        "on_publish": {"those_inside": inside},
        "steps": [
            {**send, "id": "hello"},
            {"id": "some-days", "kind": "wait", "duration": f"P{days}D"},
            {**send, "id": "again"},
            {"id": "done", "kind": "exit", "reason": "over"},
        ],
    }


def template(base: str) -> dict[str, Any]:
    text = {"sms": {"text": {"en": "Hello {{ patient.given }}"}}}
    head = {"url": f"{base}/templates/hello", "version": "1", "title": "Hello", "purpose": "care"}
    return {**head, "default_language": "en", "channels": text}


def record(base: str, name: str, number: int, **more: Any) -> PatientRecord:
    """Return a patient who has been in the journey for a day, at its wait of a week."""
    arrived = parse_instant("2026-03-01T09:00:00Z")
    url, due = f"{base}/journeys/care", parse_instant("2026-03-08T09:00:00Z")
    enrolment = Enrolment(name, f"{url}|1", "active", "some-days", 2, arrived, due, arrived=arrived)
    phone = ContactPoint("phone", f"+1206555{number:04}", "mobile")
    return PatientRecord(
        patient_key(name),
        name,
        person=Person(name, names=(Name("official", "Lopez", ("Ana",)),), telecom=(phone,)),
        enrolments={name: enrolment},
        history={url: JourneyHistory(1, arrived)},
        **more,
    )


@pytest.fixture
def deployment(azurite: str, tmp_path: Path, base: str) -> Path:
    """Publish version 1, and store two patients who are inside it, one of whom has opted out."""
    values = {"AzureWebJobsStorage": azurite, "HEARTHLINE_FHIR_URL": "http://127.0.0.1:9/fhir"}
    records = [
        record(base, f"{tmp_path.name}-1", 1),
        record(
            base, f"{tmp_path.name}-2", 2, opt_outs=(Choice("sms", "+12065550002", parse_instant(START)),)
        ),
    ]
    asyncio.run(_prepare({**values, "HEARTHLINE_CATALOGUE_SECONDS": "0"}, base, records))
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"Values": values}))
    return path


async def _prepare(values: dict[str, str], base: str, records: list[PatientRecord]) -> None:
    documents = (
        Document("journey", "care.yaml", journey(base, "1", 7, "finish")),
        Document("template", "hello.yaml", template(base)),
    )
    async with aiohttp.ClientSession() as session:
        services = await build(settings(values), session)
        await publish(services, documents)
        for each in records:
            stored = await services.patients.load(each.key, each.patient_id)
            await services.patients.commit(stored, Decision(each))


def run(deployment: Path, base: str, inside: str, *more: str) -> dict[str, Any]:
    """Play version 2, whose wait lasts three days."""
    for name, body in {
        "journeys/care": journey(base, "2", 3, inside),
        "templates/hello": template(base),
    }.items():
        file = deployment.parent / "definitions" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(body))
    file = deployment.parent / "definitions/journeys/care.yaml"
    where = ("--from", START, "--for", "P30D", "--settings", str(deployment), "--json")
    done = CliRunner().invoke(app, ["journey", more[0] if more else "simulate", str(file), *where, *more[1:]])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("inside", "day"), [("finish", "2026-03-08"), ("move", "2026-03-04")])
def test_those_inside_finish_or_move(deployment: Path, base: str, inside: str, day: str) -> None:
    """The wait of a week began on the 1st; moved, it is one of three days from then."""
    made = run(deployment, base, inside)
    (told,) = made["journeys"]
    assert (told["inside_before"], told["entered"], told["completed"]) == (2, 0, {"over": 2})
    assert made["sent_by_day"] == {day: {"sms": 1}}
    assert [each["reason"] for each in made["suppressed"]] == ["the patient has opted out of SMS"]


def test_those_inside_leave(deployment: Path, base: str) -> None:
    made = run(deployment, base, "leave")
    assert made["journeys"][0]["revoked"] == {"version 2 takes its place": 2}
    assert made["channels"] == {}


def test_one_patient_of_the_store_is_told_of_and_the_store_is_as_before(
    deployment: Path, base: str, tmp_path: Path
) -> None:
    name = f"{tmp_path.name}-1"
    told = run(deployment, base, "finish", "explain", "--patient", name)
    assert [moment["text"] for moment in told["moments"] if moment["kind"] == "sends"] == [
        "SMS to +12065550001: Hello Ana"
    ]
    values = json.loads(deployment.read_text())["Values"]
    assert asyncio.run(_load(values, name)) == record(base, name, 1, sequence=1)


async def _load(values: dict[str, str], name: str) -> PatientRecord:
    async with aiohttp.ClientSession() as session:
        services = await build(settings(values), session)
        return (await services.patients.load(patient_key(name))).record
