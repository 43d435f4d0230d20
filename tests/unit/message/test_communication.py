"""Each message's Communication is right FHIR R4, says what is known, and is not heard of again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.errors import Rejected
from shared.fhir.instants import Instant, iso
from shared.fhir.own import is_ours
from shared.fhir.project import project
from shared.message.communication import PROVIDER_IDS, REPLIES, write_back
from shared.message.contact import NOBODY_TO_REACH
from shared.message.failures import FAILURES
from shared.message.outbound import CHANNELS
from shared.message.policy import Policy
from shared.patient.record import PatientRecord
from shared.patient.state import Message
from tests.unit.message.kit import NOW, PERSON

POLICY = Policy(organisation="Riverside Clinic", write_communications=True)
RECORD = PatientRecord("k", "p1", PERSON)
ID = "6f2d9a54-2f0b-5c3e-9a54-6b1d0f7c8e21"
SENT = Message(
    ID,
    "e1",
    1,
    "tell",
    "https://x.example/journeys/j|1",
    "https://x.example/templates/t|2",
    "sms",
    "+12125550142",
    "es",
    "completed",
    created=NOW,
    due=NOW,
    focus="Appointment/a1",
    first_sent=Instant(NOW + 1_000_000),
    provider_id="Outgoing_1",
    delivery="delivered",
    delivery_at=Instant(NOW + 5_000_000),
    text="Hola",
)


def written(message: Message, record: PatientRecord = RECORD) -> dict[str, Any]:
    effect = write_back(record, message, "Visit reminder", POLICY)
    assert effect is not None
    assert (effect.write_id, effect.overwrite, effect.enrolment_id) == (message.message_id, True, "")
    body = json.loads(effect.body)
    get_fhir_model_class("Communication").model_validate(body)
    return body


def code(concept: dict[str, Any]) -> str:
    return concept["coding"][0]["code"]


def test_a_message_that_arrived_says_all_that_is_known():
    body = written(SENT)
    assert (body["id"], body["status"], body["language"]) == (ID, "completed", "es")
    assert body["identifier"][2] == {"system": PROVIDER_IDS, "value": "Outgoing_1"}
    assert (code(body["medium"][0]), code(body["category"][0])) == ("SMSWRIT", "reminder")
    assert code(body["reasonCode"][0]) == "TREAT"
    assert body["subject"] == body["recipient"][0] == {"reference": "Patient/p1"}
    assert body["about"] == [{"reference": "Appointment/a1"}]
    assert (body["sent"], body["received"]) == (iso(SENT.first_sent), iso(SENT.delivery_at))
    assert body["instantiatesUri"] == [SENT.journey, SENT.template]
    assert body["payload"] == [{"contentString": "Hola"}]
    assert body["sender"] == {"display": "Riverside Clinic"}
    assert "statusReason" not in body


@pytest.mark.parametrize("status", ["preparation", "in-progress"])
def test_what_is_not_over_is_not_written(status):
    assert write_back(RECORD, replace(SENT, status=status), "", POLICY) is None


def test_nothing_is_written_where_the_settings_do_not_want_it():
    assert write_back(RECORD, SENT, "", Policy()) is None


def test_what_was_never_sent_says_why_and_has_no_instants():
    over = replace(SENT, status="not-done", status_reason="the patient has opted out of SMS", delivery="")
    body = written(replace(over, delivery_at=None))
    assert body["status"] == "not-done"
    assert body["statusReason"]["text"] == "the patient has opted out of SMS"
    assert code(body["statusReason"]) == "patient-objection"
    assert body.keys().isdisjoint({"sent", "received"})


@pytest.mark.parametrize(
    ("reason", "wanted"),
    [
        ("the patient has died", "recipient-unavailable"),
        (NOBODY_TO_REACH["sms"], "recipient-unavailable"),
        ("Consent/c1 denies it", "patient-objection"),
    ],
)
def test_reasons_have_their_codes(reason, wanted):
    dead = replace(RECORD, person=replace(PERSON, deceased=True))
    assert (
        code(written(replace(SENT, status="not-done", status_reason=reason), dead)["statusReason"]) == wanted
    )


def test_a_reason_that_no_code_says_is_told_in_words():
    body = written(replace(SENT, status="not-done", status_reason="Appointment/a1 is cancelled"))
    assert body["statusReason"] == {"text": "Appointment/a1 is cancelled"}


def test_what_did_not_arrive_is_stopped():
    body = written(replace(SENT, delivery="failed", code="landline", status_reason=FAILURES["landline"]))
    assert (body["status"], code(body["statusReason"])) == ("stopped", "invalid-phone-number")
    assert "sent" in body
    assert "received" not in body


def test_it_names_the_relative_it_went_to_what_it_answers_and_what_it_went_within():
    body = written(replace(SENT, party="RelatedPerson/r1", answers="reply-1", carried_by="key/abc"))
    assert body["recipient"] == [{"reference": "RelatedPerson/r1"}]
    assert body["subject"] == {"reference": "Patient/p1"}
    assert body["inResponseTo"][0]["identifier"] == {"system": REPLIES, "value": "reply-1"}
    assert body["partOf"][0]["identifier"]["value"] == "urn:uuid:abc"


_words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)


@given(
    st.sampled_from(CHANNELS),
    st.sampled_from(["completed", "not-done", "unknown"]),
    st.sampled_from(["", "sent", "failed", "delivered", "opened", "clicked", "complained"]),
    st.sampled_from(["", *FAILURES, "something-else"]),
    st.sampled_from(["care", "operations", "marketing", "research", "other"]),
    _words,
    _words,
)
def test_it_is_right_fhir_always(channel, status, delivery, failure, purpose, text, reason):
    body = written(
        replace(
            SENT,
            channel=channel,
            status=status,
            delivery=delivery,
            code=failure,
            purpose=purpose,
            text=text,
            status_reason=reason.strip(),
        )
    )
    assert all(body.values())
    assert is_ours(body)


def test_what_we_wrote_is_not_taken_for_something_that_happened():
    with pytest.raises(Rejected) as rejected:
        project(written(SENT))
    assert rejected.value.code == "ours"


@pytest.mark.parametrize("meta", [None, {}, {"tag": "x"}, {"tag": [None, {"system": "s", "code": "c"}]}])
def test_a_communication_of_others_is_kept(meta):
    body = written(SENT) | {"meta": meta, "identifier": [{"system": "urn:ietf:rfc:3986"}, None]}
    assert not is_ours(body)
    assert project(body).patients == ("p1",)


@pytest.mark.parametrize("meta", [None, {"versionId": "1"}])
def test_it_is_known_where_a_server_keeps_no_tags(meta):
    assert is_ours(written(SENT) | {"meta": meta})


def test_other_types_are_heard_of_though_they_are_tagged():
    assert not is_ours({"resourceType": "Task", "meta": written(SENT)["meta"]})
