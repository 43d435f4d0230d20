"""The commands that steer journeys and enrolments, against real storage: what they do and say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from cli.main import app
from shared.bootstrap import build
from shared.catalogue import Document
from shared.config import settings
from shared.fhir.fact import Fact, Person
from shared.patient.facts import Facts
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.usecases.publish import publish

BY = ("--by", "u17", "--reason", "because")


@pytest.fixture
def name(tmp_path: Path) -> str:
    """Name what is this test's own: storage is shared."""
    return tmp_path.name.replace("_", "-")


@pytest.fixture
def url(name: str) -> str:
    return f"https://{name}.example/journeys/care"


@pytest.fixture
def patient(deployment: Path, name: str, url: str) -> str:
    """Store a patient with an appointment, and publish a journey; the patient's id."""
    asyncio.run(_prepare(json.loads(deployment.read_text())["Values"], name, url))
    return name


async def _prepare(values: dict[str, str], name: str, url: str) -> None:
    await _publish(values, _care(url, "1", "P7D"))
    async with aiohttp.ClientSession() as session:
        services = await build(settings(values), session)
        facts = Facts.of_facts(Fact("Appointment", "a1", "1", 1, status="booked"))
        record = PatientRecord(patient_key(name), name, Person(name, "1", 1, active=True), facts)
        await services.patients.commit(await services.patients.load(record.key, name), Decision(record))


def _care(url: str, version: str, length: str) -> Document:
    steps = [
        {"id": "a-week", "kind": "wait", "duration": length},
        {"id": "a-day", "kind": "wait", "duration": "P1D"},
    ]
    body = {"url": url, "version": version, "title": "Care", "trigger": {"manual": True}, "steps": steps}
    return Document("journey", "care.yaml", body)


async def _publish(values: dict[str, str], document: Document) -> None:
    async with aiohttp.ClientSession() as session:
        await publish(await build(settings(values), session), (document,))


class Command:
    """The command line, on one deployment."""

    def __init__(self, deployment: Path) -> None:
        self._deployment = deployment

    def __call__(self, *words: str, fails: bool = False) -> str:
        result = CliRunner().invoke(
            app, [*words, "--settings", str(self._deployment)], env={"COLUMNS": "300"}
        )
        assert result.exit_code == (1 if fails else 0), result.output
        return result.output


@pytest.fixture
def run(deployment: Path) -> Iterator[Command]:
    """Give the command line; whatever a test switches off is on again afterwards."""
    command = Command(deployment)
    yield command
    command("sending", "on", *BY)


def test_one_patient_is_steered(run: Command, patient: str, url: str) -> None:
    whose = ("--patient", patient)
    assert "never been in a journey" in run("enrolment", "list", *whose)
    entered = run("enrolment", "enter", url, *whose, *BY, "--focus", "Appointment/a1")
    assert "is active at a-week" in entered
    number = entered.rpartition("enrolment ")[2].partition(" ")[0]
    listed = run("enrolment", "list", *whose)
    assert number in listed
    assert f"{url}|1" in listed
    assert "is on-hold at a-week" in run("enrolment", "pause", number[:8], *whose, *BY)
    assert "on hold already" in run("enrolment", "pause", number, *whose, *BY, fails=True)
    assert "on-hold: paused by u17: because" in run("enrolment", "list", *whose)
    assert "is active at a-week" in run("enrolment", "resume", number, *whose, *BY)
    assert "nothing has failed" in run("enrolment", "retry", number, *whose, *BY, fails=True)
    unknown = run("enrolment", "move", number, *whose, *BY, "--to", "nowhere", fails=True)
    assert "only a-week, a-day" in unknown
    assert "is active at a-day" in run("enrolment", "move", number, *whose, *BY, "--to", "a-day")
    assert f"enrolment {number} is over" in run("enrolment", "stop", number, *whose, *BY)
    assert f"was in {url}: entered 1 times" in run("enrolment", "list", *whose)
    assert "re-entry rule" in run("enrolment", "enter", url, *whose, *BY, fails=True)


def test_what_is_not_there_is_said(run: Command, patient: str, url: str) -> None:
    whose = ("--patient", patient)
    assert "no such patient" in run("enrolment", "list", "--patient", f"{patient}-2", fails=True)
    assert "no enrolment" in run("enrolment", "stop", "abc", *whose, *BY, fails=True)
    assert "no journey of this id" in run("enrolment", "enter", f"{url}s", *whose, *BY, fails=True)
    focus = ("--focus", "Appointment/a2")
    assert "no resource that is known" in run("enrolment", "enter", url, *whose, *BY, *focus, fails=True)
    no_reason = ("--by", "u17", "--reason", " ")
    assert "body.reason" in run("journey", "pause", url, *no_reason, fails=True)
    assert "no journey of this id" in run("journey", "stop", f"{url}s", *BY, fails=True)


def test_those_inside_go_on_in_another_version(
    run: Command, patient: str, url: str, deployment: Path
) -> None:
    whose = ("--patient", patient)
    run("enrolment", "enter", url, *whose, *BY)
    asyncio.run(_publish(json.loads(deployment.read_text())["Values"], _care(url, "2", "P9D")))
    asked = ("journey", "migrate", url, "--from", "1", "--to", "2", *BY)
    assert "1 of 1 would be moved" in run(*asked, "--dry-run")
    assert f"{url}|1" in run("enrolment", "list", *whose)
    assert json.loads(run(*asked, "--json"))["moved"] == 1
    assert f"{url}|2" in run("enrolment", "list", *whose)
    assert "0 of 0 moved" in run(*asked)
    assert "no step nowhere" in run(*asked, "--step", "nowhere=a-day", fails=True)


def test_a_journey_and_sending_are_switched(run: Command, patient: str, url: str) -> None:
    paused = run("journey", "pause", url, *BY)
    assert f"Paused {url}" in paused
    assert "every patient is looked at (hearthline population " in paused
    assert "so already" in run("journey", "pause", url, *BY)
    assert "Sending is off" in run("sending", "off", *BY)
    told = run("journey", "controls")
    assert "Sending is OFF" in told
    assert f"paused: {url}" in told
    assert "u17" in told
    assert "on-hold at a-week" in run("enrolment", "enter", url, "--patient", patient, *BY)
    assert f"Stopped {url}" in run("journey", "stop", url, *BY)
    assert f"stopped: {url}" in run("journey", "controls")
    assert f"Resumed {url}" in run("journey", "resume", url, *BY)
    told = run("journey", "controls")
    assert f"paused: {url}" not in told
    assert f"stop {url}" in told


def test_an_event_is_checked_and_queued(run: Command, patient: str) -> None:
    assert run("event", "no-show", "--patient", patient, "--id", "1").strip() == "queued"
    assert "body.name" in run("event", "No Show", "--patient", patient, "--id", "1", fails=True)
    assert "body.id" in run("event", "no-show", "--patient", patient, "--id", "1 2", fails=True)
