"""Topic-based notifications: R4, R4B and R5 writings, payloads, and the deviations of real servers."""

from __future__ import annotations

from typing import Any

import pytest

from shared.fhir.instants import parse_instant
from shared.fhir.notification import Limits, Recover
from shared.fhir.parse_notification import parse
from tests.unit.fhir.notification_data import code_of, heard, only, post

AT = "2026-01-02T03:04:05Z"
INSTANT = parse_instant(AT)
BODY = {"resourceType": "Encounter", "id": "1", "meta": {"versionId": "4", "lastUpdated": AT}}


def event(number: object, focus: object = None, **more: object) -> dict[str, Any]:
    named = {} if focus is None else {"focus": {"reference": focus}}
    return {"eventNumber": number, "timestamp": AT, **named, **more}


def status(*events: dict[str, Any], **changed: object) -> dict[str, Any]:
    return {
        "resourceType": "SubscriptionStatus",
        "status": "active",
        "type": "event-notification",
        "eventsSinceSubscriptionStart": "9",
        "notificationEvent": list(events),
        "subscription": {"reference": "Subscription/s"},
        "topic": "http://t",
    } | changed


def bundle(
    first: object, *entries: dict[str, Any], type_: str = "subscription-notification"
) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": type_,
        "timestamp": AT,
        "entry": [{"resource": first}, *entries],
    }


def entry(method: str, url: str, resource: object = None, **more: object) -> dict[str, Any]:
    body = {} if resource is None else {"resource": resource}
    return {"fullUrl": f"http://h/fhir/{url}", "request": {"method": method, "url": url}, **body, **more}


def parameters(kind: str = "valueUnsignedInt", number: object = 7) -> dict[str, Any]:
    part = [
        {"name": "event-number", kind: number},
        {"name": "timestamp", "valueInstant": AT},
        {"name": "focus", "valueReference": {"reference": "Encounter/1"}},
    ]
    named = [
        {"name": "subscription", "valueReference": {"reference": "Subscription/s"}},
        {"name": "topic", "valueCanonical": "http://t"},
        {"name": "status", "valueCode": "active"},
        {"name": "type", "valueCode": "event-notification"},
        {"name": "events-since-subscription-start", kind: number},
        {"name": "notification-event", "part": part},
    ]
    return {"resourceType": "Parameters", "parameter": named}


@pytest.mark.parametrize("type_", ["history", "subscription-notification"])
@pytest.mark.parametrize("number", [7, "7"])
def test_r4b_and_r5_are_alike_but_for_the_bundles_type(type_: str, number: object) -> None:
    first = status(event(number, "http://h/fhir/Encounter/1"))
    told = only(parse(post(bundle(first, entry("PUT", "Encounter/1", BODY), type_=type_))))
    (change,) = told.changes
    assert (change.version, change.action, change.at, change.resource) == ("4", "updated", INSTANT, BODY)
    assert (told.event_numbers, told.events_since_start, told.recover) == ((7,), 9, None)


@pytest.mark.parametrize(
    ("kind", "number"), [("valueString", "7"), ("valueUnsignedInt", 7), ("valueInteger64", "7")]
)
def test_parameters_may_write_numbers_in_any_type(kind: str, number: object) -> None:
    told = only(parse(post(bundle(parameters(kind, number), type_="history"))))
    assert (told.event_numbers, told.events_since_start) == ((7,), 7)
    assert [str(change.key) for change in told.changes] == ["Encounter/1"]


def test_events_keep_their_order_and_each_its_own_entry() -> None:
    first = status(event(7, "Encounter/1"), event(8, "Encounter/2"), event(9, "Encounter/1"))
    old, new = BODY | {"meta": {"versionId": "4"}}, BODY | {"meta": {"versionId": "5"}}
    gone = entry("DELETE", "Encounter/2", response={"etag": 'W/"3"', "lastModified": AT})
    told = only(
        parse(post(bundle(first, entry("POST", "Encounter/1", old), gone, entry("PUT", "Encounter/1", new))))
    )
    assert told.event_numbers == (7, 8, 9)
    assert [(str(change.key), change.version, change.action) for change in told.changes] == [
        ("Encounter/1", "4", "created"),
        ("Encounter/2", "3", "deleted"),
        ("Encounter/1", "5", "updated"),
    ]


def test_a_missing_focus_is_made_up_for_by_the_entries() -> None:
    patient = {"resourceType": "Patient", "id": "p"}
    context = {"additionalContext": [{"reference": "Patient/p"}]}
    first = status(event(9, **context))
    told = only(
        parse(post(bundle(first, entry("PUT", "Encounter/1", BODY), entry("PUT", "Patient/p", patient))))
    )
    assert [str(change.key) for change in told.changes] == ["Encounter/1"]
    assert told.recover is None


def test_what_no_entry_makes_up_for_must_be_recovered() -> None:
    first = status(event(7, "Encounter/1"), event(8), event(9))
    told = only(parse(post(bundle(first, entry("PUT", "Encounter/1", BODY)))))
    assert [str(change.key) for change in told.changes] == ["Encounter/1"]
    assert told.recover == Recover("no-focus", "Subscription/s", 8, 9, INSTANT)


def test_a_logical_reference_names_nothing() -> None:
    first = status({"eventNumber": 9, "focus": {"identifier": {"value": "x"}}})
    assert only(parse(post(bundle(first)))).recover == Recover("no-focus", "Subscription/s", 9, 9)


@pytest.mark.parametrize(
    ("said", "numbers"), [(3, (7, 8, 9)), (0, ()), ("2", (8, 9)), (None, (9,)), (99, tuple(range(1, 10)))]
)
def test_events_that_are_only_counted_are_the_last_ones(said: object, numbers: tuple[int, ...]) -> None:
    told = only(parse(post(bundle(status(eventsInNotification=said)))))
    assert told.event_numbers == numbers
    assert told.recover is not None


@pytest.mark.parametrize("kind", ["handshake", "heartbeat"])
def test_signs_of_life_carry_the_counter(kind: str) -> None:
    told = only(parse(post(bundle(status(type=kind)))))
    assert (told.kind, told.events_since_start, told.changes) == (kind, 9, ())


@pytest.mark.parametrize("code", ["error", "off"])
def test_a_subscription_that_stopped_must_be_recovered(code: str) -> None:
    told = only(parse(post(bundle(status(type="heartbeat", status=code)))))
    assert (told.kind, told.status) == ("error", code)
    assert told.recover == Recover("subscription-error", "Subscription/s")


def test_a_batch_of_notifications_keeps_its_order() -> None:
    inner = [
        bundle(status(event(n, f"Encounter/{n}"), subscription={"reference": f"Subscription/{n}"}))
        for n in (3, 1, 2)
    ]
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": each} for each in inner]}
    for body in (inner, batch):
        notifications = heard(parse(post(body))).notifications
        assert [told.subscription for told in notifications] == [f"Subscription/{n}" for n in (3, 1, 2)]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"type": "surprise"}, "notification-type"),
        ({"type": None}, "notification-type"),
        ({"type": 7}, "wrong-type"),
        ({"eventsSinceSubscriptionStart": -1}, "wrong-type"),
        ({"eventsSinceSubscriptionStart": 1.5}, "wrong-type"),
        ({"eventsSinceSubscriptionStart": True}, "wrong-type"),
        ({"eventsSinceSubscriptionStart": 2**63}, "wrong-type"),
        ({"eventsSinceSubscriptionStart": "９"}, "wrong-type"),  # noqa: RUF001 - a digit, but not ASCII
        ({"subscription": {"reference": "Patient/1"}}, "bad-subscription"),
        ({"subscription": {"reference": "../Subscription/1"}}, "bad-reference"),
        ({"subscription": "Subscription/1"}, "wrong-type"),
        ({"notificationEvent": {}}, "wrong-type"),
        ({"notificationEvent": [7]}, "wrong-type"),
        ({"notificationEvent": [event(1, "Encounter/..")]}, "bad-reference"),
        ({"notificationEvent": [event(1, 7)]}, "wrong-type"),
        ({"notificationEvent": [event(1, timestamp="x")]}, "bad-time"),
        ({"topic": "a\nb"}, "wrong-type"),
        ({"status": "<script>"}, "wrong-type"),
        ({"error": [{"coding": [{"code": {}}]}]}, "wrong-type"),
    ],
)
def test_a_bad_status_is_rejected(changed: dict[str, Any], code: str) -> None:
    assert code_of(post(bundle(status(**changed)))) == code


def test_a_body_must_be_the_focus() -> None:
    other = {"resourceType": "Encounter", "id": "2"}
    assert code_of(post(bundle(status(event(9, "Encounter/1")), entry("PUT", "Encounter/1", other)))) == (
        "subject-mismatch"
    )


@pytest.mark.parametrize("body", [bundle(BODY), bundle(None), {"resourceType": "Bundle", "type": "history"}])
def test_a_notification_opens_with_its_status(body: dict[str, Any]) -> None:
    assert code_of(post(body)) == "no-subscription-status"


@pytest.mark.parametrize("type_", ["searchset", "batch"])
def test_other_bundles_are_no_notifications(type_: str) -> None:
    assert code_of(post(bundle(BODY, type_=type_))) == "not-a-notification"


def test_a_parameter_that_stands_twice_is_rejected() -> None:
    twice = parameters()
    twice["parameter"].append({"name": "status", "valueCode": "off"})
    assert code_of(post(bundle(twice))) == "wrong-type"


def test_too_many_events_are_refused() -> None:
    many = status(*(event(n, f"Encounter/{n}") for n in range(4)))
    assert code_of(post(bundle(many)), Limits(events=3)) == "batch-too-large"
    assert code_of(post(bundle(status(), *([{}] * 8))), Limits(events=3)) == "batch-too-large"
