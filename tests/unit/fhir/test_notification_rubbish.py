"""Whatever the bytes: a meaning, or Rejected with a stable code and no echo. Never another exception."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import Rejected
from shared.fhir.dead_letter import read_dead_letters
from shared.fhir.notification import Heard, Reply, Request
from shared.fhir.parse_notification import parse, parse_message
from tests.unit.fhir.notification_data import PATIENT, cloud, grid, post
from tests.unit.fhir.test_subscription_bundle import BODY, bundle, entry, event, parameters, status

MARK = "SECRET-7f3a"
SEEDS: list[Any] = [
    [grid(1), grid(2)],
    grid(1),
    cloud(1),
    [cloud(1), cloud(2)],
    [grid(eventType="Microsoft.EventGrid.SubscriptionValidationEvent", data={"validationCode": "c"})],
    PATIENT,
    bundle(status(event(7, "Encounter/1"), event(8)), entry("PUT", "Encounter/1", BODY)),
    bundle(parameters(), entry("DELETE", "Encounter/1", response={"etag": 'W/"2"'}), type_="history"),
    bundle(status(type="handshake")),
    {"resourceType": "Bundle", "type": "transaction", "entry": [entry("PUT", "Patient/1", PATIENT)]},
    [bundle(status(event(7, "Encounter/1")))],
    grid(1) | {"deadLetterReason": "MaxDeliveryAttemptsExceeded", "deliveryAttempts": 3},
    {"event": cloud(1), "deadletterProperties": {"deliveryattempts": 1}},
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        [MARK, f"Patient/{MARK}/../1", f"{MARK}\n", "../..", "Patient/1", "1", "", "\x00", "9" * 30]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["resourceType", "type", "entry", "data", "id", "parameter"]), inner
        )
    ),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("ce-id", "ce-type", "ce-source", "ce-specversion", "ce-subject", "content-type", "x-signature"),
            *("x-medplum-deleted-resource", "x-medplum-interaction", "x-medplum-subscription"),
            *("webhook-request-origin", "webhook-request-rate", "aeg-subscription-name"),
        ]
    ),
    st.text(max_size=20) | st.sampled_from(["1.0", MARK, "Patient/1", '"', '"\\"', "%ff", "\ud800"]),
)
TAILS = st.text(alphabet="/.%aPatientO1_history\n?é", max_size=30) | st.sampled_from(["", "/hapi/Patient/1"])
METHODS = st.sampled_from(["POST", "PUT", "DELETE", "OPTIONS", "GET", "x"])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the paths to all members, at any depth."""
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [path, *(place for name, child in children for place in places(child, (*path, name)))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Take a good notification and put something else in one to three places, or take it away."""
    value = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(value)))
        if not path:
            return draw(JSON)
        parent = value
        for step in path[:-1]:
            parent = parent[step]
        if draw(st.booleans()):
            parent[path[-1]] = draw(JSON)
        else:
            del parent[path[-1]]
    return value


def attempt[T, U](read: Callable[[T], U], given: T) -> U | Rejected:
    try:
        return read(given)
    except Rejected as rejected:
        return rejected


def outcome_of(request: Request) -> None:
    """Parse, and check what is promised of every outcome."""
    parsed = attempt(parse, request)
    if isinstance(parsed, Rejected):
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", parsed.code)
        assert MARK not in parsed.reason
    elif isinstance(parsed, Heard):
        for change in (change for told in parsed.notifications for change in told.changes):
            assert re.fullmatch(r"[A-Z][A-Za-z]{2,63}/[A-Za-z0-9\-.]{1,64}", str(change.key))
            assert change.version is None or re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", change.version)
            assert change.resource is None or change.resource["id"] == change.key.resource_id
        assert all(MARK not in ignored.reason for ignored in parsed.ignored)
    else:
        assert isinstance(parsed, Reply)
        assert not any(set("\r\n") & set(value) for value in parsed.headers.values())


@given(METHODS, TAILS, HEADERS, st.binary(max_size=200))
def test_random_bytes(method: str, tail: str, headers: dict[str, str], body: bytes) -> None:
    outcome_of(Request(method, tail, headers, {}, body))


@given(METHODS, TAILS, HEADERS, JSON)
def test_random_json(method: str, tail: str, headers: dict[str, str], value: object) -> None:
    outcome_of(Request(method, tail, headers, {}, orjson.dumps(value)))


@settings(max_examples=400)
@given(st.sampled_from(["POST", "PUT"]), HEADERS, mutated())
def test_mutated_notifications(method: str, headers: dict[str, str], value: object) -> None:
    outcome_of(Request(method, "/hapi", {}, {}, orjson.dumps(value)))
    outcome_of(Request(method, "", headers, {}, orjson.dumps(value)))


@given(st.sampled_from(SEEDS), st.data())
def test_truncated_notifications(seed: object, data: st.DataObject) -> None:
    text = orjson.dumps(seed)
    cut = text[: data.draw(st.integers(1, len(text) - 1))]
    with pytest.raises(Rejected) as caught:
        parse(post(cut))
    assert caught.value.code == "bad-json"


@given(st.binary(max_size=100) | mutated().map(orjson.dumps))
def test_messages_and_dead_letters(body: bytes) -> None:
    for read in (parse_message, read_dead_letters):
        read_or_refused = attempt(read, body)
        assert not isinstance(read_or_refused, Rejected) or MARK not in read_or_refused.reason


@pytest.mark.parametrize("seed", SEEDS)
def test_nesting_anywhere_is_refused(seed: object) -> None:
    deep = orjson.dumps(seed).replace(b'"Encounter/1"', b"[" * 300 + b"]" * 300)
    outcome_of(post(b"[" * 200 + deep + b"]" * 200))
    with pytest.raises(Rejected):
        parse(post(b"[" * 200 + deep + b"]" * 200))
