"""AuditEvents of the audit trail: valid R4, whoever did whatever, and nothing in them but ids and digests."""

from __future__ import annotations

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.access.chain import Link
from shared.access.table import OPERATIONS
from shared.fhir.audit_event import KEYS, anchor_event, texts_of
from shared.fhir.instants import Instant
from shared.fhir.own import OURS
from shared.ports.trail import AuditEntry, bounded
from shared.usecases.trail.export import action_of, event_of

AuditEvent = get_fhir_model_class("AuditEvent")
KEY = "6f1e0c6b9d3a4b7c8e2f1a0b9c8d7e6f"
ENTRY = AuditEntry(
    at=Instant(1_772_442_000_000_000),
    request="5b1f0a52-7d6c-4d0e-8f64-0c1f2a3b4c5d",
    operation="getPatient",
    kind="read",
    outcome="done",
    by="0d5c8b5e-6a1f-4a3b-9f55-3d7a1f6a2b10",
    roles=("Agent",),
    patient=KEY,
    about=("letter-7",),
    why="asks about a letter",
    glass=True,
    address="198.51.100.7",
)
LINK = Link(3, 7, 1_772_442_000_000_000, "b" * 64, "a" * 64, "eaa02c8e", b"{}")


def told(entry: AuditEntry, patient_id: str = "123") -> dict[str, object]:
    return event_of(LINK, entry, patient_id)


def test_what_an_event_says() -> None:
    event = told(ENTRY)
    AuditEvent.model_validate(event)
    assert (event["action"], event["outcome"], event["recorded"]) == ("R", "0", "2026-03-02T09:00:00.000Z")
    assert event["type"]["code"] == "rest"  # type: ignore[index]
    assert [each["code"] for each in event["subtype"]] == ["read", "getPatient"]  # type: ignore[attr-defined]
    (agent,) = event["agent"]  # type: ignore[misc]
    assert (agent["who"]["identifier"]["value"], agent["requestor"]) == (ENTRY.by, True)
    assert agent["network"] == {"address": "198.51.100.7", "type": "2"}
    patient, thing, itself = event["entity"]  # type: ignore[misc]
    assert patient["what"] == {"reference": "Patient/123"}
    assert thing["name"] == "letter-7"
    details = {each["type"]: each["valueString"] for each in itself["detail"]}
    assert (details["digest"], details["previous"], details["lane"]) == ("a" * 64, "b" * 64, "3")
    assert event["meta"] == {"tag": [OURS]}


def test_a_broken_glass_is_an_emergency_that_fhir_knows() -> None:
    (purpose,) = told(ENTRY)["purposeOfEvent"]  # type: ignore[misc]
    assert purpose["coding"][0]["code"] == "BTG"
    assert "purposeOfEvent" not in told(replace(ENTRY, glass=False))


def test_a_patient_whose_id_is_not_known_any_more_goes_by_key() -> None:
    event = told(ENTRY, "")
    AuditEvent.model_validate(event)
    assert event["entity"][0]["what"] == {"identifier": {"system": KEYS, "value": KEY}}  # type: ignore[index]


@pytest.mark.parametrize(
    ("operation", "kind", "action"),
    [
        ("getPatient", "read", "R"),
        ("searchPatients", "read", "R"),
        ("createCampaign", "change", "C"),
        ("erasePatient", "change", "E"),
        ("command:erase", "change", "E"),
        ("nothing any more", "change", "E"),
    ],
)
def test_what_was_done_in_the_words_of_fhir(operation: str, kind: str, action: str) -> None:
    assert action_of(replace(ENTRY, operation=operation, kind=kind)) == action


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@pytest.mark.parametrize("outcome", ["begun", "done", "failed", "refused"])
def test_every_operation_makes_a_valid_event(name: str, outcome: str) -> None:
    kind = OPERATIONS[name].audited or "read"
    event = told(replace(ENTRY, operation=name, kind=kind, outcome=outcome))
    AuditEvent.model_validate(event)
    assert event.get("outcome") == {"done": "0", "refused": "4", "failed": "8"}.get(outcome)


_TEXT = st.text(max_size=400)


@given(by=_TEXT, about=st.lists(_TEXT, max_size=25), why=_TEXT, patient=_TEXT, address=_TEXT, request=_TEXT)
def test_whatever_is_in_an_entry_its_event_is_valid(
    by: str, about: list[str], why: str, patient: str, address: str, request: str
) -> None:
    texts = {"by": by, "why": why, "patient": patient, "address": address, "request": request}
    entry = bounded(replace(ENTRY, about=tuple(about), **texts))
    AuditEvent.model_validate(told(entry, ""))


def test_the_same_entry_has_the_same_id_and_another_another() -> None:
    assert told(ENTRY)["id"] == told(ENTRY)["id"]
    assert told(ENTRY)["id"] != event_of(replace(LINK, number=8), ENTRY, "123")["id"]


def test_how_the_trail_stands_is_valid_and_read_back() -> None:
    texts = ("0:12:1772442000000000:" + "a" * 64, "1:0:0:")
    event = anchor_event("5b1f0a52-7d6c-4d0e-8f64-0c1f2a3b4c5d", ENTRY.at, texts)
    AuditEvent.model_validate(event)
    assert texts_of(event) == texts
    AuditEvent.model_validate(anchor_event("a", ENTRY.at, ()))
    assert texts_of({"entity": [{"detail": "x"}, 7]}) == ()
