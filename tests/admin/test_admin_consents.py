"""Consents by the admin API: how they stand, what somebody said, contact points that work again."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from shared.access.roles import Role
from shared.fhir.fact import Fact
from shared.fhir.instants import Instant
from shared.patient.record import Decision, patient_key
from shared.patient.state import Unusable
from tests.admin.admin_kit import Desk, code_of
from tests.unit.memory_kit import Time
from tests.unit.privacy_kit import ANN, NUMBERS, lived

CARE = (Role.CLINICAL_USER, Role.NON_CLINICAL_USER, Role.AGENT, Role.SUPERVISOR)
PATH = f"/patients/{ANN}/consents"
NO = {"verdict": "deny", "purpose": "marketing", "channel": "sms", "wording": "No adverts"}


@pytest.fixture
async def desk() -> Desk:
    """Give the API over services in which Ann has a mother, and a mailbox that does not work."""
    clock = Time()
    services = await lived(clock)
    stored = await services.patients.load(ANN)
    mother = Fact("RelatedPerson", "mum", "1", status="active")
    lost = Unusable("email", "ann@old.example", "hard-bounce", Instant(clock.at))
    record = replace(stored.record, facts=stored.record.facts.with_fact(mother), unusable=(lost,))
    await services.patients.commit(stored, Decision(record))
    return Desk(services, clock)


async def consents(desk: Desk) -> dict[str, Any]:
    answer = await desk.call("GET", PATH, Role.AGENT)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def why_not(found: dict[str, Any], party: str = "", topic: str = "") -> dict[tuple[str, str], str]:
    (theirs,) = (each for each in found["parties"] if each["party"] == party)
    told = (each for each in theirs["answers"] if each["topic"] == topic)
    return {(each["purpose"], each["channel"]): each["why_not"] for each in told}


async def test_it_is_told_for_the_patient_and_for_each_relative(desk: Desk) -> None:
    found = await consents(desk)
    assert [each["party"] for each in found["parties"]] == ["", "RelatedPerson/mum"]
    assert why_not(found)["care", "sms"] == ""
    assert found["unusable"] == [
        {
            "channel": "email",
            "address": "ann@old.example",
            "code": "hard-bounce",
            "why": "the mailbox refuses mail for good",
            "since": "2026-03-02T09:00:00.000Z",
        }
    ]
    assert [(each.operation, each.patient) for each in desk.noted] == [("getConsents", ANN)]


async def test_a_no_is_written_down_once(desk: Desk) -> None:
    first = await desk.call("POST", PATH, Role.AGENT, NO, by="u17", key="the-very-same-key")
    assert first.json() == {
        "patient": ANN,
        "changed": True,
    }
    again = await desk.call("POST", PATH, Role.AGENT, NO, by="u17", key="the-very-same-key")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await desk.call("POST", PATH, Role.AGENT, NO, by="u18")).json()["changed"] is False
    found = await consents(desk)
    assert why_not(found)["marketing", "sms"] == "the patient has opted out of marketing by SMS"
    assert why_not(found, "RelatedPerson/mum")["marketing", "sms"] == ""
    (said,) = found["said"]
    assert (said["verdict"], said["source"], said["wording"]) == ("deny", "staff", "told to u17: No adverts")
    begun, done = desk.noted[:2]
    assert (begun.operation, begun.outcome, done.outcome) == ("recordConsent", "begun", "done")
    assert begun.before != done.after


async def test_a_request_that_comes_again_after_a_crash_changes_nothing(desk: Desk) -> None:
    """The answer was lost, and with it what is kept under the key: the same is said once all the same."""
    key = "the-very-same-key"
    await desk.call("POST", PATH, Role.AGENT, NO, by="u17", key=key)
    yes = {**NO, "verdict": "permit"}
    await desk.call("POST", PATH, Role.AGENT, yes, by="u18")
    async for name, _ in desk.services.documents.all("idempotency"):
        await desk.services.documents.delete("idempotency", name)
    answer = await desk.call("POST", PATH, Role.AGENT, NO, by="u17", key=key)
    assert answer.json()["changed"] is False
    assert why_not(await consents(desk))["marketing", "sms"] == ""


async def test_a_topic_that_was_named_is_told_of(desk: Desk) -> None:
    no = {"verdict": "deny", "topic": "screening", "party": "RelatedPerson/mum"}
    assert (await desk.call("POST", PATH, Role.SUPERVISOR, no)).json()["changed"] is True
    found = await consents(desk)
    assert "opted out" in why_not(found, "RelatedPerson/mum", "screening")["care", "email"]
    assert why_not(found, "RelatedPerson/mum")["care", "email"] == ""
    assert why_not(found, "", "screening")["care", "email"] == ""


async def test_a_contact_point_is_used_again(desk: Desk) -> None:
    path, point = f"/patients/{ANN}/contact-points", {"channel": "email", "address": "ann@old.example"}
    answer = await desk.call("POST", path, Role.NON_CLINICAL_USER, point)
    assert answer.json() == {"patient": ANN, "channel": "email"}
    assert "old.example" not in answer.text
    assert (await consents(desk))["unusable"] == []
    other = await desk.call("POST", path, Role.NON_CLINICAL_USER, point)
    assert (other.status_code, code_of(other)) == (404, "unknown-contact")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({**NO, "purpose": "gossip"}, "invalid"),
        ({**NO, "topic": "A b"}, "invalid"),
        ({**NO, "party": "Patient/1"}, "invalid"),
        ({**NO, "more": 1}, "invalid"),
        ({**NO, "wording": "x" * 2001}, "invalid"),
        ({**NO, "party": "RelatedPerson/other"}, "unknown-party"),
        ({**NO, "address": "no number"}, "bad-address"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    desk: Desk, body: dict[str, Any], code: str
) -> None:
    before = (await desk.services.patients.load(ANN)).record
    answer = await desk.call("POST", PATH, Role.AGENT, body)
    assert answer.status_code in (404, 422), answer.text
    assert code_of(answer) == code
    assert (await desk.services.patients.load(ANN)).record == before


async def test_of_nobody_there_is_nothing_to_tell(desk: Desk) -> None:
    path = f"/patients/{patient_key('nobody')}"
    point = {"channel": "email", "address": "a@b.example"}
    for answer in (
        await desk.call("GET", f"{path}/consents", Role.AGENT),
        await desk.call("POST", f"{path}/consents", Role.AGENT, NO),
        await desk.call("POST", f"{path}/contact-points", Role.AGENT, point),
    ):
        assert (answer.status_code, code_of(answer)) == (404, "unknown-patient")


@pytest.mark.parametrize("role", sorted(set(Role) - set(CARE)))
async def test_who_does_not_work_with_people_neither_sees_nor_changes_it(desk: Desk, role: Role) -> None:
    assert (await desk.call("GET", PATH, role)).status_code == 403
    assert (await desk.call("POST", PATH, role, NO)).status_code == 403


async def test_nothing_of_a_person_stands_in_the_trail_or_in_an_address(desk: Desk) -> None:
    said = {**NO, "address": NUMBERS["ann"], "wording": "Ann said so"}
    await desk.call("POST", PATH, Role.AGENT, said)
    await desk.call("POST", PATH, Role.AGENT, {**said, "address": "no number"})
    await consents(desk)
    for word in ("+1206", "Ann said", "no number", "old.example"):
        assert word not in str(desk.noted)
