"""What was given up, by the admin API: rejections, dead letters and poison; seen, replayed, thrown away."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from functions.admin import dead_letters
from shared.access.roles import Role
from shared.errors import Rejected
from shared.fhir.acs_events import parse_acs_events
from shared.fhir.instants import SECOND, Instant
from shared.fhir.notification import Limits
from shared.queues import ACS_EVENTS, CHANGES
from shared.usecases.jobs import Change, Wake, encode_job
from shared.usecases.poison import purges
from shared.usecases.rejections import REJECTIONS, record_rejection
from tests.admin.admin_kit import Desk, code_of
from tests.admin.running_kit import Place, deployed, result
from tests.unit.privacy_kit import ANN, BOB

OPAQUE = string.ascii_letters + string.digits + "._~=-"
SYNC = Role.FHIR_SYNC_ADMIN
NAME = "topic/HEARTHLINE-NOTIFICATIONS/2026/3/2/9/a.json"
CHANGE = encode_job(Change("Observation", "o1", "2", "updated", resource={"note": "a word of the patient's"}))


@pytest.fixture
def place(desk: Desk) -> Place:
    """Give the desk's services a deployment."""
    return deployed(desk)


def _event(number: int = 1) -> dict[str, Any]:
    return {
        "id": f"event-{number}",
        "eventType": "Microsoft.HealthcareApis.FhirResourceUpdated",
        "topic": "/subscriptions/s/resourceGroups/g/providers/Microsoft.HealthcareApis/workspaces/w",
        "subject": f"w-fhir.fhir.azurehealthcareapis.com/Observation/o{number}",
        "eventTime": "2026-03-02T08:00:00Z",
        "dataVersion": "1",
        "metadataVersion": "1",
        "data": {
            "resourceType": "Observation",
            "resourceFhirAccount": "w-fhir.fhir.azurehealthcareapis.com",
            "resourceFhirId": f"o{number}",
            "resourceVersionId": 2,
        },
        "deadLetterReason": "MaxDeliveryAttemptsExceeded",
    }


def _queued(desk: Desk) -> int:
    return len(desk.services.queue.queues[CHANGES])  # type: ignore[attr-defined]


class TestRejections:
    """The latest first, page by page."""

    async def test_they_are_listed_from_the_latest_and_by_code(self, desk: Desk) -> None:
        for number in range(5):
            code = "no-patient" if number % 2 else "bad-job"
            await record_rejection(desk.services, f"changes-{number}", Rejected("it says no more", code))
            desk.clock.passes(SECOND)
        found, cursor = [], ""
        for _ in range(3):
            page = await desk.call("GET", "/rejections", SYNC, params={"limit": 2, "cursor": cursor})
            found += [each["trigger"] for each in page.json()["items"]]
            cursor = page.json()["next"]
        assert (found, cursor) == ([f"changes-{number}" for number in (4, 3, 2, 1, 0)], "")
        some = await desk.call("GET", "/rejections", SYNC, params={"code": "no-patient"})
        assert [each["trigger"] for each in some.json()["items"]] == ["changes-3", "changes-1"]

    async def test_those_of_former_releases_come_last(self, desk: Desk) -> None:
        old = {"at": 1, "trigger_id": "old", "code": "bad-job", "reason": "no"}
        await desk.services.documents.put(REJECTIONS, "0a1b", json.dumps(old).encode(), "")
        await record_rejection(desk.services, "new", Rejected("no", "bad-job"))
        found = (await desk.call("GET", "/rejections", SYNC)).json()["items"]
        assert [each["trigger"] for each in found] == ["new", "old"]

    async def test_a_cursor_is_of_its_filter(self, desk: Desk) -> None:
        for number in range(2):
            await record_rejection(desk.services, str(number), Rejected("no", "bad-job"))
        first = await desk.call("GET", "/rejections", SYNC, params={"limit": 1})
        params = {"cursor": first.json()["next"], "code": "bad-job"}
        answer = await desk.call("GET", "/rejections", SYNC, params=params)
        assert (answer.status_code, code_of(answer)) == (400, "bad-cursor")


class TestDeadLetters:
    """Files that Event Grid wrote."""

    async def test_one_is_found_looked_into_replayed_and_thrown_away(self, desk: Desk, place: Place) -> None:
        await place.dead_letters.write(NAME, json.dumps([_event(1), _event(2)]).encode())
        (listed,) = (await desk.call("GET", "/dead-letters", SYNC)).json()["items"]
        path = f"/dead-letters/{listed['dead_letter']}"
        seen = await desk.call("GET", path, SYNC)
        assert seen.json()["reasons"] == {"MaxDeliveryAttemptsExceeded": 2}
        assert seen.json()["changes"] == {"Observation updated": 2}
        ended = await result(desk, await desk.call("POST", f"{path}/replay", SYNC))
        assert (ended["status"], ended["result"]["queued"], _queued(desk)) == ("succeeded", 2, 2)
        gone = await desk.call("POST", f"{path}/purge", SYNC, {"reason": "it was of a test"})
        assert gone.status_code == 204
        assert (await desk.call("GET", path, SYNC)).status_code == 404

    async def test_events_that_are_sent_along_are_queued(self, desk: Desk, place: Place) -> None:
        answer = await desk.call("POST", "/dead-letters/replay", SYNC, {"events": [_event()]})
        assert answer.json() == {"events": 1, "queued": 1, "ignored": {}}
        assert _queued(desk) == 1

    async def test_reports_and_replies_go_onto_their_own_queue(self, desk: Desk, place: Place) -> None:
        reply = {
            "id": "r1",
            "eventType": "Microsoft.Communication.SMSReceived",
            "topic": "/subscriptions/s/resourceGroups/g/providers/x/communicationServices/c",
            "subject": "/phonenumber/15555550100",
            "eventTime": "2026-03-02T08:00:00Z",
            "data": {"messageId": "m1", "from": "+15555550177", "message": "I feel sick"},
            "deadLetterReason": "MaxDeliveryAttemptsExceeded",
        }
        await place.dead_letters.write(NAME, json.dumps([_event(), reply]).encode())
        (listed,) = (await desk.call("GET", "/dead-letters", SYNC)).json()["items"]
        path = f"/dead-letters/{listed['dead_letter']}"
        seen = await desk.call("GET", path, SYNC)
        assert seen.json()["changes"] == {"Observation updated": 1, "SMSReceived": 1}
        assert "5550177" not in seen.text
        ended = await result(desk, await desk.call("POST", f"{path}/replay", SYNC))
        assert (ended["result"]["queued"], _queued(desk)) == (2, 1)
        (letter,) = desk.services.queue.queues[ACS_EVENTS]  # type: ignore[attr-defined]
        (heard,) = parse_acs_events(letter.body, Limits())
        assert (heard.inbound_id, heard.text) == ("m1", "I feel sick")  # type: ignore[union-attr]

    @pytest.mark.parametrize("events", [[{}], [{"id": 1}], [{"event": []}]])
    async def test_what_is_no_event_is_refused(self, desk: Desk, place: Place, events: list[Any]) -> None:
        answer = await desk.call("POST", "/dead-letters/replay", SYNC, {"events": events})
        assert answer.status_code == 422
        assert _queued(desk) == 0

    @pytest.mark.parametrize("name", ["AAAA", "..~..~a", "=FF", "=00", "=C3=28", "x" * 200])
    async def test_what_names_no_file_is_not_there(self, desk: Desk, place: Place, name: str) -> None:
        for method, path in (("GET", name), ("POST", f"{name}/replay")):
            answer = await desk.call(method, f"/dead-letters/{path}", SYNC)
            assert (answer.status_code, code_of(answer)) == (404, "unknown-dead-letter")

    async def test_a_file_of_something_else_is_refused(self, desk: Desk, place: Place) -> None:
        await place.dead_letters.write(NAME, b'{"hello": "there"}')
        (listed,) = (await desk.call("GET", "/dead-letters", SYNC)).json()["items"]
        answer = await desk.call("GET", f"/dead-letters/{listed['dead_letter']}", SYNC)
        assert answer.status_code == 422

    @given(some.text(some.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
    def test_each_file_is_found_by_the_id_that_the_list_gives(self, name: str) -> None:
        written = dead_letters._id(f"topic/{name}~/a b.json")
        assert set(written) <= set(OPAQUE)
        if ".." not in name:
            assert dead_letters._name(written) == f"topic/{name}~/a b.json"


class TestPoison:
    """Messages that a queue gave up."""

    async def test_they_are_counted_and_shown_without_what_they_say(self, desk: Desk, place: Place) -> None:
        place.gives_up("m1", CHANGE)
        counted = {each["queue"]: each for each in (await desk.call("GET", "/poison", SYNC)).json()["items"]}
        assert (counted["changes"]["count"], counted["wakeups"]["count"]) == (1, 0)
        answer = await desk.call("GET", "/poison/changes", SYNC)
        (shown,) = answer.json()["items"]
        assert (shown["message"], shown["kind"], shown["deliveries"]) == ("m1", "change", 8)
        assert {"name": "resource_id", "value": "o1"} in shown["ids"]
        assert "a word of the patient" not in answer.text

    async def test_whom_jobs_name_is_noted(self, desk: Desk, place: Place) -> None:
        place.gives_up("m1", encode_job(Wake(ANN, Instant(0))))
        place.gives_up("m2", encode_job(Change("Patient", "bob", "2")))
        place.gives_up("m3", CHANGE)
        await desk.call("GET", "/poison/changes", SYNC, by="fay")
        assert [(each.operation, each.kind, each.by) for each in desk.noted] == [
            ("listPoisonOf", "read", "fay")
        ] * 2
        assert {each.patient for each in desk.noted} == {ANN, BOB}

    async def test_chosen_ones_are_put_back(self, desk: Desk, place: Place) -> None:
        for name in ("m1", "m2"):
            place.gives_up(name, CHANGE)
        body = {"messages": ["m1", "m9"]}
        ended = await result(desk, await desk.call("POST", "/poison/changes/replay", SYNC, body))
        assert ended["result"] == {"done": 1, "missing": ["m9"]}
        assert _queued(desk) == 1
        assert len(await place.poison.peek("changes", 10)) == 1

    async def test_thrown_away_it_is_written_down_by_whom_and_why(self, desk: Desk, place: Place) -> None:
        place.gives_up("m1", CHANGE)
        body = {"all": True, "reason": "they were of a test"}
        started = await desk.call("POST", "/poison/changes/purge", SYNC, body, by="fay")
        assert (await result(desk, started, by="fay"))["result"] == {"done": 1, "missing": []}
        (purged,) = await purges(desk.services)
        assert (purged.by, purged.reason, purged.letter_id) == ("fay", "they were of a test", "m1")
        assert [(each.operation, each.why) for each in desk.noted] == [
            ("purgePoison", "they were of a test")
        ] * 2

    @pytest.mark.parametrize("body", [{}, {"messages": []}, {"messages": ["m1"], "all": True}])
    async def test_some_or_all_must_be_said(self, desk: Desk, place: Place, body: dict[str, Any]) -> None:
        answer = await desk.call("POST", "/poison/changes/replay", SYNC, body)
        assert (answer.status_code, code_of(answer)) == (422, "invalid")

    async def test_a_queue_that_there_is_not_is_told_without_its_name(self, desk: Desk, place: Place) -> None:
        for method, path, body in (
            ("GET", "/poison/ann-example", None),
            ("POST", "/poison/ann-example/replay", {"all": True}),
        ):
            answer = await desk.call(method, path, SYNC, body)
            assert (answer.status_code, code_of(answer)) == (404, "unknown-queue")
            assert "ann-example" not in answer.text
