"""`hearthline message` against real storage: what needs somebody, what somebody found out, contact points."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.message import State
from shared.bootstrap import build
from shared.config import settings
from shared.effects import IndexMessage
from shared.fhir.fact import Person
from shared.message.needing import NEEDS, need_of
from shared.patient.record import Decision, PatientRecord, identify, patient_key
from shared.patient.state import Call, Message, Unusable

WHO = ("--by", "u17", "--reason", "the carrier says so")
JOURNEY = "https://j.example/care"


@pytest.fixture
def patient(deployment: Path, tmp_path: Path) -> str:
    """Store a patient with a message of unknown outcome and a number that does not work; the patient's id."""
    name = tmp_path.name.replace("_", "-")
    asyncio.run(_store(json.loads(deployment.read_text())["Values"], name))
    return name


def message_of(patient: str) -> str:
    return identify(patient, "message")


async def _store(values: dict[str, str], name: str) -> None:
    async with aiohttp.ClientSession() as session:
        services = await build(settings(values), session)
        now = services.clock.now()
        message = Message(
            message_of(name), "e", 1, "s", f"{JOURNEY}|1", "https://t.example|1", "sms", "+12065550123", "en",
            "unknown", now, now, "no outcome was told in time", calls=(Call(now, "q-1", outcome="unknown"),),
        )  # fmt: skip
        lost = Unusable("sms", "+12065550199", "landline", now)
        record = PatientRecord(
            patient_key(name),
            name,
            Person(name, "1"),
            messages={message.message_id: message},
            unusable=(lost,),
        )
        stored = await services.patients.load(record.key, name)
        await services.patients.commit(stored, Decision(record, messages=(message,)))
        need = need_of(message, 0, now)
        await services.indexes.apply(record.key, IndexMessage(message.message_id, need))


def run(deployment: Path, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(
        app, ["message", *words, "--settings", str(deployment)], env={"COLUMNS": "80"}
    )
    assert result.exit_code == code, result.output
    return result.output


def test_what_may_have_been_sent_is_listed_until_somebody_finds_out(deployment: Path, patient: str) -> None:
    which, key = message_of(patient), patient_key(patient)
    told = run(deployment, "unknown")
    assert f"{which}  SMS, no-outcome, since " in told
    assert f"  --key {key}\n  {JOURNEY}|1\n" in told
    found = json.loads(run(deployment, "list", "--channel", "sms", "--json"))
    assert which in [each["message"] for each in found]
    assert "+1206" not in str(found)
    assert (
        run(deployment, "resolve", which, "--key", key, "--sent", *WHO) == f"message {which} is completed\n"
    )
    assert which not in run(deployment, "unknown")
    other = run(deployment, "resolve", which, "--key", key, "--not-sent", *WHO, code=1)
    assert "it is completed" in other


def test_a_contact_point_works_again(deployment: Path, patient: str) -> None:
    assert "+12065550199" in run(deployment, "contacts", "--patient", patient)
    point = ("usable", "sms", "+12065550199", "--patient", patient, "--by", "u17")
    assert "used again" in run(deployment, *point)
    assert run(deployment, "contacts", "--patient", patient) == "Every contact point is taken to work.\n"
    assert "no such contact point" in run(deployment, *point, code=1)


def test_what_makes_no_sense_is_said(deployment: Path) -> None:
    assert "no such patient" in run(deployment, "contacts", "--patient", "nobody-here", code=1)
    assert "that is published" in run(deployment, "list", "--journey", "https://no.example", code=1)
    assert "query.since" in run(deployment, "list", "--since", "yesterday", code=1)
    assert run(deployment, "list", "--state", "waiting", "--limit", "1") == "No message is waiting.\n"


def test_the_states_are_those_there_are() -> None:
    assert set(State) == set(NEEDS)
