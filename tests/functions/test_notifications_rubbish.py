"""Rubbish over HTTP: a problem document or a refusal, never a 500, and never anything stored."""

from __future__ import annotations

import asyncio
import gzip
import re

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from notifiers import KEYED, SHARED, SIGNED, signature
from product_kit import PROBLEM, Product, Reply

from tests.unit.fhir.notification_data import PATIENT, cloud, grid
from tests.unit.fhir.test_notification_rubbish import mutated

MARK = "SECRET-7f3a"
BIG = b'"' + b"x" * (10 * 1024 * 1024) + b'"'


def problem(reply: Reply, status: int = 400, code: str = "") -> None:
    """Hold an answer to be a problem document that tells a code and quotes nothing."""
    assert reply.status == status, reply.body
    assert reply.headers["content-type"].startswith(PROBLEM)
    told = reply.json
    assert set(told) == {"type", "title", "status", "detail"}
    assert told["status"] == status
    assert str(told["type"]).removeprefix("urn:hearthline:problem:") == code or not code
    assert MARK not in reply.body.decode()


@pytest.mark.parametrize(
    "body",
    [
        orjson.dumps([grid(1)])[:-1],
        orjson.dumps([grid(1)])[:40],
        orjson.dumps(PATIENT)[:-2],
        b"[",
        b'{"a"',
        b"\x00",
        b"\xff\xfe{}",
        b'{"resourceType": "\xff\xfe"}',
        b'{"a": NaN}',
        b'[{"eventType": "a", "eventType": "b"}]',
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b"[" * 150 + b"]" * 150,
        orjson.dumps({**PATIENT, "x": [[[[[]]]]]}).replace(b"[]", b"[" * 120 + b"]" * 120),
        gzip.compress(orjson.dumps([grid(1)])),
    ],
)
def test_what_is_no_json(untouched: Product, body: bytes) -> None:
    for path in ("events", "hooks"):
        problem(untouched.call("POST", f"{KEYED}/{path}", body), 400, "bad-json")
    problem(untouched.call("POST", f"{SIGNED}/medplum", body, signature(body), key=None), 400, "bad-json")


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("path", ["events", "hooks", "hooks/Patient/1"])
def test_what_is_too_large(untouched: Product, method: str, path: str) -> None:
    for body in (
        BIG,
        b'[{"eventType":' + BIG + b"}]",
        b'{"resourceType":"Patient","id":"1","x":' + BIG + b"}",
    ):
        problem(untouched.call(method, f"{KEYED}/{path}", body), 413, "too-large")


def test_what_is_too_large_and_signed_wrongly(untouched: Product) -> None:
    problem(untouched.call("POST", f"{SIGNED}/medplum", BIG, {"X-Signature": "00"}, key=None), 401)
    assert untouched.call("POST", f"{KEYED}/events", BIG, key=None).status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"1",
        b"null",
        b'"text"',
        b"{}",
        b"[1]",
        b"[null]",
        b"[[]]",
        [{"resourceType": "Patient"}],
        {"foo": MARK},
        [grid(1, eventType=5)],
        [grid(1, data=None)],
        [grid(1, data=[])],
        [grid(1, subject=None)],
        [grid(1, eventTime=MARK)],
        [cloud(1, data={}), cloud(2, time="yesterday")],
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "type": "history", "entry": [{"resource": PATIENT}]},
        {"resourceType": "Bundle", "type": "transaction", "entry": {"a": 1}},
        {"resourceType": MARK, "id": "1"},
        {"resourceType": "Patient", "id": 7},
        {**PATIENT, "meta": MARK},
        {**PATIENT, "meta": {"versionId": {"a": 1}}},
        {**PATIENT, "meta": {"lastUpdated": MARK}},
    ],
)
def test_what_is_no_notification(untouched: Product, body: object) -> None:
    for path in ("events", "hooks"):
        problem(untouched.call("POST", f"{KEYED}/{path}", body))


HOSTILE = (
    *("..", ".", "../../etc/passwd", "1/../2", "1/2", "/1", "1/", "1?x=1", "1#x", "%2e%2e", "1%2F2", "1 2"),
    *(
        "1'or'1'='1",
        "1\n2",
        "1\x00",
        "",
        "x" * 65,
        "ä",
        "Patient/1",
        "http://evil.example/Patient/1",
        "_search",
    ),
)


@pytest.mark.parametrize("identity", HOSTILE)
def test_hostile_ids(untouched: Product, identity: str) -> None:
    data = {"resourceType": "Patient", "resourceFhirId": identity, "resourceVersionId": 1}
    named = f"a.fhir.azurehealthcareapis.com/Patient/{identity}"
    for event in (grid(1, data=data), grid(1, data=data, subject=named), cloud(1, data=data, subject=named)):
        problem(untouched.call("POST", f"{KEYED}/events", [event]))
    problem(untouched.call("POST", f"{KEYED}/hooks", {"resourceType": "Patient", "id": identity}))
    problem(untouched.call("POST", f"{KEYED}/hooks", {"resourceType": f"Patient/{identity}", "id": "1"}))
    deleted = signature(b"{}") | {
        "X-Medplum-Deleted-Resource": re.sub(r"[\n\x00]", "", f"Patient/{identity}!")
    }
    sent = {name: value.encode() for name, value in deleted.items()}
    problem(untouched.call("POST", f"{SIGNED}/medplum", b"{}", sent, key=None))


PATHS = (
    *("/..", "/hooks/..", "/hooks/../events", "/hooks/%2e%2e/events", "/hooks/%2E%2E%2Fevents", "//hooks"),
    *(
        "/hooks//Patient/1",
        "/hooks/Patient//1",
        "/hooks/Patient/..",
        "/hooks/Patient/%2e%2e",
        "/hooks/Patient%2F1",
    ),
    *(
        "/hooks/Patient%2f1",
        "/hooks/Patient/1/../2",
        "/hooks/Patient/1%00",
        "/hooks/Patient/1%0a",
        "/hooks/Patient/1;v",
    ),
    *(
        "/hooks/Patient/1/_history/..",
        "/hooks/Patient/1/2/3",
        "/hooks/Patient/1/_history/",
        "/hooks/patient/1",
    ),
    *(
        "/hooks/Patient/" + "x" * 65,
        "/hooks/Patient/%C3%A4",
        "/hooks/Patient/$everything",
        "/hooks/Patient/1\\2",
    ),
    *("/hooks/.", "/HOOKS/Patient/1", "/hooks/P/1", "/hooks/%48ooks"),
)


@pytest.mark.parametrize("path", PATHS)
def test_path_tricks(untouched: Product, path: str) -> None:
    for method, body in (("PUT", orjson.dumps(PATIENT)), ("POST", orjson.dumps(PATIENT)), ("DELETE", b"")):
        problem(untouched.call(method, f"{KEYED}{path}", body), 400, "bad-path")


@pytest.mark.parametrize(
    "path",
    [
        "/api/fhir/notificationsx",
        "/api/fhir/../fhir/notifications",
        "/api//fhir/notifications",
        "/api/x",
        "/admin/x",
    ],
)
def test_paths_that_are_no_route(untouched: Product, path: str) -> None:
    assert untouched.call("POST", path, orjson.dumps([grid(1)])).status in {401, 404}


@pytest.mark.parametrize("length", [9_000, 60_000])
def test_huge_headers(untouched: Product, length: int) -> None:
    reply = untouched.call("POST", f"{KEYED}/events", [grid(1)], {"X-Long": "x" * length})
    assert reply.status in {400, 431}


def test_bad_handshakes(untouched: Product) -> None:
    kind = "Microsoft.EventGrid.SubscriptionValidationEvent"
    for data in ({}, {"validationCode": ""}, {"validationCode": 1}, {"validationCode": "x" * 300}, None):
        problem(untouched.call("POST", f"{KEYED}/events", [grid(1, eventType=kind, data=data)]))
    two = [grid(n, eventType=kind, data={"validationCode": "c"}) for n in (1, 2)]
    problem(untouched.call("POST", f"{KEYED}/events", two), 400, "bad-handshake")


def test_a_batch_that_is_too_large(untouched: Product) -> None:
    problem(
        untouched.call("POST", f"{KEYED}/events", [grid(n) for n in range(5_001)]), 413, "batch-too-large"
    )


async def test_the_largest_batch_is_taken_whole(intake: Product) -> None:
    """5,000 events, Event Grid's most, with the longest ids and numbers that there are."""
    account = "a.fhir.azurehealthcareapis.com"
    names = [f"{n:064d}" for n in range(5_000)]
    kind = "QuestionnaireResponse"
    events = [
        grid(
            1,
            subject=f"{account}/{kind}/{name}",
            data={"resourceType": kind, "resourceFhirId": name, "resourceVersionId": "v" * 64},
        )
        for name in names
    ]
    reply = intake.call("POST", f"{KEYED}/events", events)
    assert (reply.status, reply.json["queued"]) == (200, 5_000)
    taken = [change.resource_id for job in await intake.take("changes") for change in job.changes]
    assert sorted(taken) == names


async def test_bad_events_do_not_take_the_good_ones_with_them(intake: Product) -> None:
    reply = intake.call("POST", f"{KEYED}/events", [grid(1, subject=MARK), grid(2), grid(3, data=None)])
    assert (reply.status, reply.json["queued"]) == (200, 1)
    assert reply.json["ignored"] == ["bad-reference", "wrong-type"]
    (job,) = await intake.take("changes")
    assert job.resource_id == "2"


@settings(max_examples=80, derandomize=True, deadline=None, database=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(mutated())
def test_mutated_notifications_never_break_it(intake: Product, value: object) -> None:
    for path, headers, key in (
        (f"{KEYED}/events", {}, ""),
        (f"{KEYED}/hooks", {}, ""),
        (f"{SIGNED}/secret", SHARED, None),
    ):
        reply = intake.call("POST", path, orjson.dumps(value), headers, key=key)
        assert reply.status in {200, 400, 413}
        if reply.status != 200:
            problem(reply, reply.status)


SMS = {
    "id": "1",
    "eventType": "Microsoft.Communication.SMSReceived",
    "eventTime": "2026-03-03T15:00:00Z",
    "data": {"messageId": "i1", "from": "+15555550123", "to": "+15555550100", "message": "hello"},
}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1]",
        b'"x"',
        BIG,
        [{**SMS, "data": {}}],
        [{**SMS, "eventTime": MARK}],
        [{**SMS, "data": {**SMS["data"], "from": 7}}],
        [{**SMS, "data": {**SMS["data"], "from": "x" * 9_000}}],
        [{**SMS, "data": {**SMS["data"], "message": "x" * 5_001}}],
    ],
)
def test_rubbish_from_the_channels(untouched: Product, body: object) -> None:
    reply = untouched.call("POST", "/api/acs/events", body)
    problem(reply, 413 if body is BIG else 400)


async def test_a_reply_of_any_characters_is_taken(intake: Product) -> None:
    text = '\x01\u2028\U0001f600"\\' * 1_000
    event = {**SMS, "data": {**SMS["data"], "message": text}}
    assert intake.call("POST", "/api/acs/events", [event]).status == 200
    (job,) = await intake.take("inbound")
    assert job.text == text


async def test_one_bad_event_of_a_channel_does_not_take_the_others_with_it(intake: Product) -> None:
    reply = intake.call("POST", "/api/acs/events", [{**SMS, "data": {}}, SMS, {**SMS, "eventTime": ""}])
    assert (reply.status, reply.json["queued"]) == (200, 1)
    (job,) = await intake.take("inbound")
    assert job.text == "hello"


def test_the_channels_webhook_shakes_hands(untouched: Product) -> None:
    asked = {"WebHook-Request-Origin": "eventgrid.azure.net"}
    reply = untouched.call("OPTIONS", "/api/acs/events", headers=asked)
    assert (reply.status, reply.headers["webhook-allowed-origin"]) == (200, "eventgrid.azure.net")
    problem(untouched.call("OPTIONS", "/api/acs/events", headers={"WebHook-Request-Origin": "a b"}))
    kind = "Microsoft.EventGrid.SubscriptionValidationEvent"
    event = {**SMS, "eventType": kind, "data": {"validationCode": "c"}}
    assert untouched.call("POST", "/api/acs/events", [event]).json == {"validationResponse": "c"}


def test_nothing_is_left_of_all_this(intake: Product) -> None:
    assert not [name for name in asyncio.run(intake.stored()) if name.startswith(("patients/", "index/"))]
