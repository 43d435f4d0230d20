"""The commands that tell, hand out and erase what is held of a patient, against real storage."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from stub_fhir import StubFhir
from typer.testing import CliRunner

from cli.main import app
from shared.bootstrap import build
from shared.config import settings
from shared.effects import IndexContact
from shared.fhir.fact import ContactPoint, Fact, Name, Person
from shared.fhir.instants import Instant
from shared.message.communication import communication
from shared.message.policy import Policy
from shared.patient.facts import Facts
from shared.patient.record import Decision, PatientRecord, TimelineLine, identify, patient_key
from shared.patient.state import Call, Message

BY = ("--by", "u17")
WHY = ("--reason", "asked for it in writing")


@pytest.fixture
def fhir() -> Iterator[StubFhir]:
    server = StubFhir()
    yield server
    server.close()


@pytest.fixture
def patient(tmp_path: Path) -> str:
    """Name what is this test's own: storage is shared."""
    return tmp_path.name.replace("_", "-")


@pytest.fixture
def deployment(azurite: str, tmp_path: Path, fhir: StubFhir, patient: str) -> Path:
    """Store a patient with a message that was sent; the settings."""
    values = {
        "AzureWebJobsStorage": azurite,
        "HEARTHLINE_FHIR_URL": f"{fhir.url}/fhir",
        "HEARTHLINE_CATALOGUE_SECONDS": "0",
        "HEARTHLINE_LINK_SECRETS": '["a secret of the settings that is long enough"]',
    }
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"Values": values}))
    asyncio.run(_prepare(values, patient, fhir))
    return path


def message_of(patient: str) -> str:
    return identify(patient, "message")


def number_of(patient: str) -> str:
    digits = "".join(str(ord(letter) % 10) for letter in patient)
    return f"+1206555{digits[-4:]:0>4}"


async def _prepare(values: dict[str, str], patient: str, fhir: StubFhir) -> None:
    async with aiohttp.ClientSession() as session:
        services = await build(settings(values), session)
        now = services.clock.now()
        telecom = (ContactPoint("phone", number_of(patient), "mobile"),)
        person = Person(patient, "3", now, names=(Name("", "Lee", ("Ann",)),), telecom=telecom)
        facts = Facts.of_facts(Fact("Appointment", "a1", "7", now, status="booked"))
        record = PatientRecord(patient_key(patient), patient, person, facts, contacts=("sms|+1",))
        call = Call(now, "q-1", "4-x", (f"Patient/{patient}|3",), "accepted", Instant(now + 1), "Outgoing_1")
        message = Message(
            message_of(patient), "e", 1, "s", "https://j.example|1", "https://t.example|1", "sms",
            number_of(patient), "en", "completed", now, now, text="Hello Ann",
            calls=(call,), delivery="delivered",
        )  # fmt: skip
        line = TimelineLine(now, "message", "Sent by SMS", (message.message_id,))
        stored = await services.patients.load(record.key, patient)
        await services.patients.commit(stored, Decision(record, timeline=(line,), messages=(message,)))
        await services.indexes.apply(record.key, IndexContact("sms", number_of(patient)))
        fhir.put(communication(record, message, "Hello", Policy()), now)


class Command:
    """The command line, on one deployment."""

    def __init__(self, deployment: Path) -> None:
        self._deployment = deployment

    def __call__(self, *words: str, typed: str = "", fails: bool = False) -> str:
        result = CliRunner().invoke(
            app, [*words, "--settings", str(self._deployment)], input=typed, env={"COLUMNS": "300"}
        )
        assert result.exit_code == (1 if fails else 0), result.output
        return result.output


@pytest.fixture
def run(deployment: Path) -> Command:
    return Command(deployment)


def test_the_story_of_a_patient_and_of_a_message_is_printed(run: Command, patient: str) -> None:
    told = run("evidence", "patient", patient, *BY)
    for words in (
        f"message {message_of(patient)}: completed, delivered",
        "template https://t.example|1, journey https://j.example|1",
        "| Hello Ann",
        "Sent by SMS",
        f"Try 1 by SMS to {number_of(patient)}, claimed by q-1",
        f"Patient/{patient}|3",
        "Try 1 was accepted, known to the provider as Outgoing_1",
    ):
        assert words in told
    assert "Try 1 was accepted" in run("evidence", "message", message_of(patient), "--patient", patient, *BY)
    body = json.loads(run("evidence", "message", message_of(patient), "--json", *BY))
    assert body["message"]["provider_id"] == ""
    assert body["message"]["calls"][0]["outcome"] == "accepted"


def test_what_is_not_there_is_said(run: Command, patient: str) -> None:
    assert "no such patient" in run("evidence", "patient", f"{patient}-2", *BY, fails=True)
    assert "no such message" in run("evidence", "message", "m", "--patient", patient, *BY, fails=True)
    nobody = f"{patient}-2"
    typed = f"{nobody}\n"
    assert "no such patient" in run("privacy", "erase", nobody, *BY, *WHY, typed=typed, fails=True)
    assert "no such patient" in run("event", "no-show", "--patient", nobody, "--id", "1", fails=True)
    assert "Nobody who was erased" in run("privacy", "lift", "sms", "+12065550000", *BY, *WHY, fails=True)


def test_everything_is_handed_out(run: Command, patient: str, tmp_path: Path) -> None:
    pack, plain = tmp_path / "held.zip", tmp_path / "held.json"
    assert "keep it as such" in run("privacy", "export", patient, str(pack), *BY)
    run("privacy", "export", patient, str(plain), *BY, "--break-glass", "asked for it in writing")
    with zipfile.ZipFile(pack) as opened:
        assert set(opened.namelist()) == {"README.txt", "export.json"}
        held = json.loads(opened.read("export.json"))
    assert held["record"]["person"]["names"][0]["family"] == "Lee"
    assert held["messages"][0]["text"] == "Hello Ann"
    assert held["fhir"] == [{"reference": f"Communication/{message_of(patient)}", "status": "completed"}]
    assert len(json.loads(plain.read_text())["reads"]) == 2
    assert plain.stat().st_mode & 0o077 == 0
    again = CliRunner().invoke(app, ["privacy", "export", patient, str(plain), *BY])
    assert again.exit_code == 2
    assert CliRunner().invoke(app, ["privacy", "export", patient, "held.txt", *BY]).exit_code == 2


def test_a_patient_is_erased_only_by_who_types_the_id(run: Command, patient: str) -> None:
    whom = ("privacy", "erase", patient, *BY, *WHY)
    assert "nothing was done" in run(*whom, typed="somebody\n", fails=True)
    assert "Hello Ann" in run("evidence", "patient", patient, *BY)
    done = run(*whom, "--list-written", typed=f"{patient}\n")
    assert "Erased: 1 index rows" in done
    assert "2 marks were made" in done
    assert f"on the FHIR server: Communication/{message_of(patient)} (completed)" in done
    assert "nothing is left to do" in run(*whom, typed=f"{patient}\n")
    assert "somebody who was erased" in run("evidence", "patient", patient, *BY)
    assert "no such message" in run("evidence", "message", message_of(patient), *BY, fails=True)
    assert f"Communication/{message_of(patient)}" in run("privacy", "written", patient, *BY)
    assert "Lifted" in run("privacy", "lift", "sms", number_of(patient), *BY, *WHY)


def test_how_long_things_are_kept_is_shown_and_the_walk_can_be_taken_now(run: Command) -> None:
    told = run("privacy", "retention", "--now")
    assert "P6Y" in told
    assert "is done" in told
    assert "patients;" in told
