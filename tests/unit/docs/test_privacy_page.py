"""The pages on privacy and evidence are held to the code: periods, kinds of documents, commands, elements."""

from __future__ import annotations

import json
import re

from cli.evidence import evidence
from cli.privacy import privacy
from shared.fhir.own import OURS
from shared.message.communication import communication
from shared.message.policy import Policy
from shared.message.trail import MOST_CALLS
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from shared.retention import Retention
from shared.usecases.inbound.kept import KIND
from shared.usecases.privacy.marks import MARKS
from shared.usecases.privacy.reads import READS
from tests.unit.docs.pages import DOCS, code, table

PRIVACY, EVIDENCE = DOCS / "privacy.md", DOCS / "evidence.md"


def test_the_periods_are_those_of_the_settings() -> None:
    shown = {code(row[0]): code(row[1]) for row in table(PRIVACY, "## How long")}
    assert shown == Retention().model_dump()


def test_the_sample_of_settings_has_the_periods() -> None:
    sample = json.loads((DOCS.parent / "local.settings.sample.json").read_text())["Values"]
    assert Retention.model_validate_json(sample["HEARTHLINE_RETENTION"]) == Retention()


def test_kinds_of_documents_are_named() -> None:
    cells = " ".join(row[1] for row in table(PRIVACY, "## What is kept, and where"))
    assert [kind for kind in (KIND, READS, MARKS) if f"`{kind}`" not in cells] == []


def test_every_command_is_shown() -> None:
    text = PRIVACY.read_text() + EVIDENCE.read_text()
    for group, app in (("privacy", privacy), ("evidence", evidence)):
        for command in app.registered_commands:
            name = command.name or getattr(command.callback, "__name__", "")
            assert f"hearthline {group} {name}" in text, name


def test_every_element_of_a_communication_is_described() -> None:
    message = Message(
        *("m", "e", 1, "s", "j|1", "t|1", "sms", "+1", "en", "completed", 1, 1, "late", "Appointment/a"),
        first_sent=1,
        provider_id="x",
        delivery="delivered",
        delivery_at=2,
        text="Hello",
        answers="r",
        carried_by="k/n",
    )  # type: ignore[misc] # all that there is
    body = communication(PatientRecord("k", "p"), message, "Title", Policy(organisation="Clinic"))
    shown = set(
        re.findall(r"`(\w+)`", " ".join(row[0] for row in table(EVIDENCE, "## What the FHIR server is told")))
    )
    assert set(body) - {"resourceType", "id", "meta", "sender"} == shown
    assert OURS["system"] in EVIDENCE.read_text()
    assert f"at most {MOST_CALLS} of them" in EVIDENCE.read_text()
