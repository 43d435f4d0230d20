"""`hearthline campaign` against real storage: check, preview, the way to a start, status, as documented."""

from __future__ import annotations

import asyncio
import csv
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
from shared.fhir.fact import ContactPoint, Name, Person
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.usecases.campaigns.documents import load_state
from shared.usecases.campaigns.entry import enrol_for
from shared.usecases.campaigns.tick import run_campaigns
from shared.usecases.jobs import EnrolFor
from shared.usecases.publish import publish
from shared.usecases.react import Trigger


@pytest.fixture
def base(tmp_path: Path) -> str:
    """Name what is this test's own: storage is shared."""
    return f"https://{tmp_path.name.replace('_', '-')}.example"


def campaign(base: str, **changes: Any) -> dict[str, Any]:
    return {
        "url": f"{base}/campaigns/flu",
        "version": "1",
        "title": "Influenza",
        "journey": f"{base}/journeys/flu",
        "audience": {"in": [f"{base}/lists/flu"]},
        "schedule": {"start": "2020-01-01T09:00"},
        "pace": {"per_day": 100},
        **changes,
    }


def definitions(base: str) -> tuple[Document, ...]:
    steps = [
        {"id": "invite", "kind": "send", "template": f"{base}/templates/flu", "channels": ["sms"]},
        {"id": "a-week", "kind": "wait", "duration": "P7D"},
    ]
    sms = {"text": {"en": "Hello {{ patient.given }}"}}
    head = {"version": "1", "title": "Influenza"}
    trigger = {"trigger": {"manual": True}}
    bodies: dict[Any, dict[str, Any]] = {
        "journey": {"url": f"{base}/journeys/flu", **trigger, "steps": steps},
        "template": {
            "url": f"{base}/templates/flu",
            "purpose": "care",
            "default_language": "en",
            "channels": {"sms": sms},
        },
        "list": {"url": f"{base}/lists/flu", "members": [f"{name}-{base[8:20]}" for name in ("ana", "bob")]},
        "campaign": campaign(base),
    }
    return tuple(Document(kind, f"{kind}.yaml", {**head, **body}) for kind, body in bodies.items())


async def prepare(values: dict[str, str], base: str) -> None:
    async with aiohttp.ClientSession() as session:
        services = await build(settings(values), session)
        await publish(services, definitions(base))
        phones = {"ana": (ContactPoint("phone", "+12125550101", "mobile"),), "bob": ()}
        for name, telecom in phones.items():
            patient = f"{name}-{base[8:20]}"
            names = (Name("official", "X", (name.capitalize(),)),)
            person = Person(patient, "1", 1, active=True, names=names, telecom=telecom)
            record = PatientRecord(patient_key(patient), patient, person)
            await services.patients.commit(
                await services.patients.load(record.key, patient), Decision(record)
            )


async def carry_out(values: dict[str, str], base: str) -> None:
    """Let the timer and the queue work, of this campaign alone."""
    async with aiohttp.ClientSession() as session:
        services = await build(settings(values), session)
        assert (await run_campaigns(services)).asked >= 2
        state, _ = await load_state(services.documents, f"{base}/campaigns/flu|1")
        for name in ("ana", "bob"):
            job = EnrolFor(state.runs[0].run, patient_key(f"{name}-{base[8:20]}"))
            await enrol_for(services, job, Trigger("test"))


class Command:
    """The command line, on one deployment."""

    def __init__(self, deployment: Path) -> None:
        self._deployment = deployment

    def __call__(self, *words: str, fails: bool = False) -> str:
        result = CliRunner().invoke(
            app, ["campaign", *words, "--settings", str(self._deployment)], env={"COLUMNS": "200"}
        )
        assert result.exit_code == (1 if fails else 0), result.output
        return result.output if fails else result.stdout


@pytest.fixture
def run(deployment: Path, base: str) -> Command:
    asyncio.run(prepare(json.loads(deployment.read_text())["Values"], base))
    return Command(deployment)


def test_from_the_preview_to_the_results(run: Command, base: str, deployment: Path, tmp_path: Path) -> None:
    url = f"{base}/campaigns/flu"
    file = tmp_path / "people.csv"
    said = run("preview", url, "--csv", str(file))
    assert "1 of 2 people would get a message" in said
    assert "no phone number that takes SMS is known" in said
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert sorted((row["channel"], row["text"]) for row in rows) == [("", ""), ("sms", "Hello Ana")]
    assert "one can start only what is approved" in run("start", url, "--by", "ana", fails=True)
    assert "is submitted" in run("submit", url, "--by", "ana", "--role", "outreach")
    own = run("approve", url, "--by", "ana", "--role", "clinical-lead", fails=True)
    assert "nobody approves what they have submitted themselves" in own
    run("approve", url, "--by", "ben", "--role", "clinical-lead")
    assert f"{url}|1 is running" in run("start", url, "--by", "ana")
    asyncio.run(carry_out(json.loads(deployment.read_text())["Values"], base))
    told = json.loads(run("status", url, "--messages", "--json"))
    (found,) = told["runs"]
    assert (found["asked"], found["entered"], found["inside"]) == (2, 2, 2)
    assert sum(found["messages"].values()) == 2
    assert [move["action"] for move in told["moves"]][:3] == ["submit", "approve", "start"]
    shown = run("status", url, "--messages")
    assert "run of 2020-01-01T09:00" in shown
    listed = {each["campaign"]: each for each in json.loads(run("list", "--json"))}
    assert listed[f"{url}|1"]["runs"] == 1
    assert "is cancelled" in run("cancel", url, "--by", "ana", "--reason", "the vaccine is out")


def test_a_file_is_previewed_before_it_is_published(run: Command, base: str, tmp_path: Path) -> None:
    file = tmp_path / "draft.yaml"
    file.write_text(yaml.safe_dump(campaign(base, version="2", pace={"in_all": 1})))
    told = json.loads(run("preview", str(file), "--json", "--limit", "5"))
    assert told["campaign"] == f"{base}/campaigns/flu|2"
    assert told["totals"]["looked_at"] == 2
    assert len(told["people"]) == 2
    file.write_text(yaml.safe_dump(campaign(base, version="2", journey="urn:x")))
    assert "there is no journey urn:x" in run("preview", str(file), fails=True)
    file.write_text(yaml.safe_dump(campaign(base, version="2", pace={"per_minute": 1})))
    assert "pace.per_minute: is not known here" in run("preview", str(file), fails=True)
    assert "no campaign urn:nothing is published" in run("status", "urn:nothing", fails=True)
