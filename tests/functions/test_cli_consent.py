"""`hearthline consent` against real storage: what staff see, and what comes of what they are told."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from typer.testing import CliRunner

from cli.consent import Channel, Purpose
from cli.main import app
from shared.bootstrap import build
from shared.config import settings
from shared.fhir.choice import ANY, PURPOSES
from shared.fhir.fact import ContactPoint, Fact, Person
from shared.fhir.spelled import spelled
from shared.message.outbound import CHANNELS
from shared.patient.facts import Facts
from shared.patient.record import Decision, PatientRecord, patient_key

MOBILE = ContactPoint("phone", "+12065550101", "mobile")


@pytest.fixture
def patient(deployment: Path, tmp_path: Path) -> str:
    """Store a patient with a phone, a mother, and a Consent against marketing; the patient's id."""
    name = tmp_path.name.replace("_", "-")
    asyncio.run(_store(json.loads(deployment.read_text())["Values"], name))
    return name


async def _store(values: dict[str, str], name: str) -> None:
    reason = "http://terminology.hl7.org/CodeSystem/v3-ActReason|HMARKT"
    kept = {"provision-type": ("deny",), "provision-purpose": (reason,)}
    facts = Facts.of_facts(
        Fact("Consent", "c1", "1", status="active", attributes=kept),
        Fact(
            "RelatedPerson", "mum", "1", status="active", attributes={"spelled-telecom": spelled((MOBILE,))}
        ),
    )
    person = Person(name, "1", active=True, telecom=(MOBILE,))
    async with aiohttp.ClientSession() as session:
        services = await build(settings(values), session)
        record = PatientRecord(patient_key(name), name, person, facts)
        await services.patients.commit(await services.patients.load(record.key, name), Decision(record))


def run(deployment: Path, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(
        app, ["consent", *words, "--settings", str(deployment)], env={"COLUMNS": "300"}
    )
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def test_what_stands_is_shown_by_purpose_and_channel(deployment: Path, patient: str) -> None:
    shown = run(deployment, "show", patient)
    assert "│ care │ yes │ yes │ yes │ yes │ yes │" in shown
    assert "│ marketing │ Consent/c1 denies it │" in shown
    assert "Consent/c1: in force" in shown


def test_what_staff_are_told_happens(deployment: Path, patient: str) -> None:
    told = ("--by", "u17", "--channel", "sms", "--wording", "no more texts")
    assert run(deployment, "deny", patient, *told) == "Opted out of SMS: told to staff"
    assert run(deployment, "deny", patient, *told) == "Nothing to do: it is so already."
    shown = run(deployment, "show", patient)
    assert "│ care │ the patient has opted out of SMS │ yes │" in shown
    assert "told to u17: no more texts" in shown
    permitted = run(deployment, "permit", patient, "--by", "u17", "--channel", "sms")
    assert permitted == "Opted in to SMS again: told to staff"
    assert "│ care │ yes │ yes │" in run(deployment, "show", patient)


def test_a_relative_has_a_say_of_their_own(deployment: Path, patient: str) -> None:
    run(deployment, "deny", patient, "--by", "u17", "--party", "RelatedPerson/mum")
    assert "│ care │ yes │" in run(deployment, "show", patient)
    mothers = run(deployment, "show", patient, "--party", "RelatedPerson/mum")
    assert "│ care │ RelatedPerson/mum has opted out of every message │" in mothers


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "nobody-here"), "there is no such patient here"),
        (
            ("deny", "PATIENT", "--by", "u", "--party", "RelatedPerson/x"),
            "the patient has no such related person",
        ),
        (
            ("deny", "PATIENT", "--by", "u", "--channel", "sms", "--address", "no number"),
            "the contact point is none that sms can use",
        ),
    ],
)
def test_what_makes_no_sense_is_said(
    deployment: Path, patient: str, words: tuple[str, ...], said: str
) -> None:
    assert said in run(deployment, *(patient if word == "PATIENT" else word for word in words), code=1)


def test_the_options_are_the_purposes_and_channels_there_are() -> None:
    assert set(Purpose) == {*PURPOSES, ANY}
    assert set(Channel) == {*CHANNELS, ANY}
