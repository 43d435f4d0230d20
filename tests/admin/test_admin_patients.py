"""Patients by the admin API: found, seen at a glance by role, left alone, told of."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from benchmarks.organisation.counting import CountingTables, Tally
from benchmarks.organisation.memory_tables import MemoryTables
from shared.access.roles import Role
from shared.adapters.table_store import TABLE, TablePatientStore
from shared.errors import Unavailable, Unreadable
from shared.events import PersonErased, ResourceChanged
from shared.fhir.project import project
from shared.patient.record import Decision, PatientRecord, patient_key
from shared.ports import Stored
from shared.queues import EVENTS
from shared.usecases.jobs import Happened, decode_job
from shared.usecases.react import Trigger, react
from tests.admin.admin_kit import Desk, code_of
from tests.admin.patient_kit import ANN, BOB, JOURNEY, NOBODY, NUMBERS, WORDS, settled
from tests.unit.memory_kit import HIGH, person, server

CLINICAL, OTHER = Role.CLINICAL_USER, Role.NON_CLINICAL_USER
GLASS = {"Break-Glass": "the patient is on the phone"}
WHY = {"reason": "asked for it on the phone"}


@pytest.fixture
async def desk() -> Desk:
    return await settled()


async def found(desk: Desk, **body: Any) -> list[dict[str, Any]]:
    answer = await desk.call("POST", "/patients/search", OTHER, body)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class TestSearch:
    """Found by what people know of themselves."""

    async def test_somebody_is_found_by_what_they_know_of_themselves(self, desk: Desk) -> None:
        identifier = [{"system": "urn:mrn", "value": "A,1|2"}]
        names = [{"family": "Ng", "given": ["Cay", "Mo"]}]
        mail = [{"system": "email", "value": "cay@example.org"}]
        whole = person("cay", identifier=identifier, name=names, telecom=mail, birthDate="1991-02-03")
        await server(desk.services).update(whole)
        wanted: list[dict[str, Any]] = [
            {"identifier": {"system": "urn:mrn", "value": "A,1|2"}},
            {"identifier": {"value": "A,1|2"}},
            {"name": "ng ca"},
            {"name": "Ng", "birth_date": "1991-02-03"},
            {"email": "cay@example.org"},
        ]
        for body in wanted:
            (item,) = await found(desk, **body)
            assert (item["patient"], item["name"], item["here"]) == (
                patient_key("cay"),
                "Cay Mo Ng",
                "unknown",
            )
        assert await found(desk, name="Ng", birth_date="1991-02-04") == []
        assert [item["patient"] for item in await found(desk, phone="(206) 555-0123")] == [ANN]

    async def test_whoever_is_seen_is_noted(self, desk: Desk) -> None:
        items = await found(desk, name="Lee")
        assert {item["patient"] for item in items} == {ANN, BOB}
        await found(desk, name="Ann")
        await found(desk, name="Nobody")
        assert [entry.patient for entry in desk.noted[2:]] == [ANN, ""]
        assert {entry.patient for entry in desk.noted[:2]} == {ANN, BOB}
        assert len({entry.request for entry in desk.noted}) == 3

    async def test_of_somebody_erased_here_only_that_is_said(self, desk: Desk) -> None:
        await react(desk.services, ANN, [PersonErased("u")], Trigger("t"))
        (item,) = await found(desk, phone=NUMBERS["ann"])
        assert (item["here"], item["name"], item["birth_date"]) == ("erased", "", "")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"name": "Lee", "phone": "1"},
            {"name": "L"},
            {"birth_date": "1980-05-17"},
            {"name": "Lee", "birth_date": "1980-05-17&name=x"},
            {"name": "Lee\nLee"},
            {"name": "Lee", "limit": 51},
            {"name": "Lee", "_include": "*"},
            {"identifier": {"system": "urn:mrn"}},
        ],
    )
    async def test_what_cannot_be_looked_for_is_refused(self, desk: Desk, body: dict[str, Any]) -> None:
        answer = await desk.call("POST", "/patients/search", OTHER, body)
        assert (answer.status_code, code_of(answer)) == (422, "invalid")
        assert desk.noted == []

    @pytest.mark.parametrize("role", [Role.MARKETER, Role.AUDITOR, Role.ADMINISTRATOR, Role.APPROVER])
    async def test_others_see_nobody(self, desk: Desk, role: Role) -> None:
        answer = await desk.call("POST", "/patients/search", role, {"name": "Lee"})
        assert (answer.status_code, code_of(answer)) == (403, "forbidden")

    async def test_a_server_that_is_away_is_said(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        async def away(*_: object) -> None:
            raise Unavailable("no answer from the FHIR server")

        monkeypatch.setattr(desk.services.fhir, "find", away)
        answer = await desk.call("POST", "/patients/search", OTHER, {"name": "Lee"})
        assert (answer.status_code, code_of(answer)) == (503, "unavailable")


async def seen(desk: Desk, role: Role = OTHER, key: str = ANN, **headers: Any) -> dict[str, Any]:
    answer = await desk.call("GET", f"/patients/{key}", role, headers=headers.get("headers"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"]
    shown: dict[str, Any] = answer.json()
    return shown


class TestGlance:
    """The 360 view, by role."""

    async def test_all_of_a_patient_is_seen(self, desk: Desk) -> None:
        shown = await seen(desk, CLINICAL)
        assert shown["state"] == "known"
        assert shown["person"]["name"] == "Ann Lee"
        assert shown["person"]["contact_points"][0]["value"] == NUMBERS["ann"]
        high = next(each for each in shown["segments"] if each["url"] == HIGH)
        assert (high["title"], high["version"], "9.8" in high["reason"]) == ("high", "1.0.0", True)
        (journey,) = shown["journeys"]
        assert (journey["url"], journey["title"], journey["step"]) == (JOURNEY, "Care", "rest")
        assert [each["entries"] for each in shown["journeys_before"]] == [1]
        assert {each["channel"] for each in shown["messages"]} == {"sms"}
        assert shown["timeline"][0]["kind"] == "inbound"
        assert shown["facts"] == {"Appointment": 1, "Location": 1, "Observation": 1}
        assert shown["next_due"] is not None
        assert all(each["allowed"] for each in shown["consent"] if each["purpose"] == "care")

    async def test_without_clinical_facts_no_reason_is_seen(self, desk: Desk) -> None:
        shown = await seen(desk)
        assert shown["person"]["name"] == "Ann Lee"
        assert shown["clinical"] is False
        assert shown["facts"] is None
        assert (shown["segments"], shown["segments_withheld"]) == ([], 2)
        assert {each["reason"] for each in shown["journeys"]} == {None}
        segments = [each for each in shown["timeline"] if each["kind"] == "segment"]
        assert segments
        assert all((each["text"], each["about"], each["withheld"]) == ("", [], True) for each in segments)
        assert not any(word in str(shown) for word in ("9.8", "HbA1c", "Observation/"))

    async def test_who_breaks_the_glass_sees_what_a_clinician_does_and_is_flagged(self, desk: Desk) -> None:
        shown = await seen(desk, Role.AGENT, headers=GLASS)
        assert shown == {**await seen(desk, CLINICAL)}
        first, second = desk.noted
        assert (first.glass, first.why, first.patient) == (True, GLASS["Break-Glass"], ANN)
        assert (second.glass, second.why) == (False, "")

    async def test_it_takes_one_round_trip_to_storage(self, desk: Desk) -> None:
        tally, tables = Tally(), MemoryTables()
        await tables.create(TABLE)
        store = TablePatientStore(CountingTables(tables, tally))
        held = (await desk.services.patients.load(ANN)).record
        await store.commit(Stored(PatientRecord(ANN, "ann")), Decision(held))
        desk.services = replace(desk.services, patients=store)
        tally.counts.clear()
        assert (await seen(desk))["person"]["name"] == "Ann Lee"
        assert dict(tally.counts) == {"table_reads": 1}

    async def test_a_record_that_cannot_be_read_is_said_to_be_so(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def damaged(key: str) -> None:
            raise Unreadable(key, "ValueError")

        monkeypatch.setattr(desk.services.patients, "glance", damaged)
        answer = await desk.call("GET", f"/patients/{ANN}", CLINICAL)
        assert (answer.status_code, code_of(answer)) == (503, "unreadable")

    async def test_its_etag_changes_with_the_record_alone(self, desk: Desk) -> None:
        path = f"/patients/{ANN}"
        tags = [(await desk.call("GET", path, CLINICAL)).headers["ETag"] for _ in range(2)]
        assert tags[0] == tags[1]
        await desk.call("POST", f"{path}/suppress", OTHER, WHY)
        assert (await desk.call("GET", path, CLINICAL)).headers["ETag"] != tags[0]

    async def test_somebody_erased_is_said_to_be_so_and_nothing_else(self, desk: Desk) -> None:
        await react(desk.services, ANN, [PersonErased("u")], Trigger("t"))
        shown = await seen(desk, CLINICAL)
        assert (shown["state"], shown["person"], shown["timeline"], shown["messages"]) == (
            "erased",
            None,
            [],
            [],
        )
        assert not any(word in str(shown) for word in WORDS)

    async def test_somebody_merged_leads_to_who_survives(self, desk: Desk) -> None:
        links = [{"type": "replaced-by", "other": {"reference": "Patient/bob"}}]
        changed = person("ann", link=links, meta={"versionId": "9", "lastUpdated": "2026-03-02T09:00:00Z"})
        await react(desk.services, ANN, [ResourceChanged(project(changed).content)], Trigger("t"))
        shown = await seen(desk)
        assert (shown["state"], shown["merged_into"]) == ("merged", BOB)

    async def test_nobody_is_not_found_and_the_try_is_noted(self, desk: Desk) -> None:
        answer = await desk.call("GET", f"/patients/{NOBODY}", OTHER)
        assert (answer.status_code, code_of(answer)) == (404, "unknown-patient")
        assert [entry.patient for entry in desk.noted] == [NOBODY]

    async def test_nothing_is_shown_that_cannot_be_noted(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(_: object) -> None:
            raise Unavailable("the trail is away")

        monkeypatch.setattr(desk.trail, "append", away)
        answer = await desk.call("GET", f"/patients/{ANN}", CLINICAL)
        assert answer.status_code == 503
        assert "Lee" not in answer.text


class TestLeftAlone:
    """No journey, no message."""

    async def test_a_patient_leaves_every_journey(self, desk: Desk) -> None:
        answer = await desk.call("POST", f"/patients/{ANN}/remove", OTHER, WHY, by="ann-the-nurse")
        held = (await desk.services.patients.load(ANN)).record
        assert (answer.status_code, len(answer.json()["ended"]), held.enrolments) == (200, 1, {})
        assert len((await desk.services.patients.load(BOB)).record.enrolments) == 1
        lines = [line.text for line in await desk.services.patients.timeline(ANN)]
        assert any("stopped by ann-the-nurse: asked for it on the phone" in text for text in lines)
        begun, done = desk.noted
        assert (begun.outcome, done.outcome, begun.why, done.about) == (
            "begun", "done", WHY["reason"], tuple(answer.json()["ended"])
        )  # fmt: skip
        again = await desk.call("POST", f"/patients/{ANN}/remove", OTHER, WHY)
        assert again.json()["ended"] == []

    async def test_a_patient_gets_nothing_any_more(self, desk: Desk) -> None:
        answer = await desk.call("POST", f"/patients/{ANN}/suppress", OTHER, WHY)
        assert answer.json() == {"patient": ANN, "state": "suppressed"}
        shown = await seen(desk, CLINICAL)
        assert not any(each["allowed"] for each in shown["consent"])
        entry = desk.noted[1]
        assert entry.before != entry.after

    async def test_sent_twice_under_one_key_it_is_done_once(self, desk: Desk) -> None:
        path = f"/patients/{ANN}/suppress"
        answers = [await desk.call("POST", path, OTHER, WHY, key="the-same-key") for _ in range(2)]
        assert answers[0].content == answers[1].content
        assert len((await desk.services.patients.load(ANN)).record.opt_outs) == 1
        assert len(desk.noted) == 2

    @pytest.mark.parametrize("what", ["remove", "suppress", "events"])
    async def test_nothing_is_done_for_nobody_or_for_somebody_erased(self, desk: Desk, what: str) -> None:
        body = {"name": "no-show", "id": "1"} if what == "events" else WHY
        answer = await desk.call("POST", f"/patients/{NOBODY}/{what}", OTHER, body)
        assert (answer.status_code, code_of(answer)) == (404, "unknown-patient")
        await react(desk.services, ANN, [PersonErased("u")], Trigger("t"))
        answer = await desk.call("POST", f"/patients/{ANN}/{what}", OTHER, body)
        assert (answer.status_code, code_of(answer)) == (422, "erased")
        assert desk.noted == []


class TestEvents:
    """What no resource says."""

    async def test_an_event_is_queued_for_its_patient(self, desk: Desk) -> None:
        body = {"name": "no-show", "id": "visit-4711", "at": "2026-03-02T08:00:00Z"}
        answer = await desk.call("POST", f"/patients/{ANN}/events", OTHER, body)
        assert (answer.status_code, answer.json()["event"]) == (202, "visit-4711")
        (letter,) = desk.services.queue.queues[EVENTS]  # type: ignore[attr-defined]
        job = decode_job(letter.body)
        assert isinstance(job, Happened)
        assert (job.event_id, job.name, job.patient_id) == ("no-show|visit-4711", "no-show", "ann")

    @pytest.mark.parametrize(
        "body",
        [
            {"name": "No Show", "id": "1"},
            {"name": "no-show", "id": "with blank"},
            {"name": "no-show", "id": ""},
            {"name": "no-show", "id": "1", "at": "yesterday"},
        ],
    )
    async def test_what_is_no_event_is_refused(self, desk: Desk, body: dict[str, Any]) -> None:
        answer = await desk.call("POST", f"/patients/{ANN}/events", OTHER, body)
        assert answer.status_code == 422
        assert desk.noted == []


def test_examples_are_of_what_they_say() -> None:
    from functions.admin import patient_shapes, patients, privacy, timeline

    for module in (patient_shapes, patients, privacy, timeline):
        for model in vars(module).values():
            if (
                isinstance(model, type)
                and model.__module__ == module.__name__
                and hasattr(model, "model_config")
            ):
                model.model_validate(patient_shapes.example_of(model))
