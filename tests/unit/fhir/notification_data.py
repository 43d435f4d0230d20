"""The genuine notifications of the test data, and short ways to make requests; shared by the tests here."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import orjson
import pytest

from shared.errors import Rejected
from shared.fhir.instants import parse_instant
from shared.fhir.notification import Heard, Limits, Notification, Parsed, Request
from shared.fhir.parse_notification import parse
from shared.fhir.references import ResourceKey

PATIENT = {
    "resourceType": "Patient",
    "id": "1",
    "meta": {"versionId": "3", "lastUpdated": "2026-01-02T03:04:05Z"},
}
KEY = ResourceKey("Patient", "1")
AT = parse_instant("2026-01-02T03:04:05Z")

_PREFERRED = os.environ.get("HEARTHLINE_DATA")
DATA = Path(_PREFERRED) if _PREFERRED else Path(__file__).resolve().parents[3].parent / "shared" / "data"
NOTIFICATIONS = DATA / "notifications"
WHY_SKIPPED = "test data is neither at HEARTHLINE_DATA nor at ../shared/data"


def post(body: object, path_tail: str = "", **headers: str) -> Request:
    """Make a POST; keyword names become header names with hyphens."""
    text = body if isinstance(body, bytes) else orjson.dumps(body)
    return Request(
        "POST", path_tail, {name.replace("_", "-"): value for name, value in headers.items()}, {}, text
    )


def fixture(name: str) -> bytes:
    return (NOTIFICATIONS / name).read_bytes()


def captured(name: str) -> Request:
    """Make the request that a wire capture holds."""
    wire = orjson.loads(fixture(name))
    headers = {key.lower(): value for key, value in wire["headers"].items()}
    body = b"" if wire["body"] is None else orjson.dumps(wire["body"])
    return Request(wire["method"], wire["path"], headers, {}, body)


def heard(parsed: Parsed) -> Heard:
    assert isinstance(parsed, Heard), parsed
    return parsed


def only(parsed: Parsed) -> Notification:
    """Take the one notification of a delivery that holds nothing else."""
    (told,) = heard(parsed).notifications
    return told


def without_bodies(told: Notification) -> Notification:
    changes = tuple(msgspec.structs.replace(change, resource=None) for change in told.changes)
    return msgspec.structs.replace(told, changes=changes)


def code_of(request: Request, limits: Limits | None = None) -> str:
    """Parse what must be Rejected, and say with which code."""
    with pytest.raises(Rejected) as caught:
        parse(request, limits or Limits())
    return caught.value.code


def grid(n: int = 1, **changed: object) -> dict[str, object]:
    return {
        "id": f"e{n}",
        "topic": "/subscriptions/x",
        "subject": f"a.fhir.azurehealthcareapis.com/Patient/{n}",
        "data": {
            "resourceType": "Patient",
            "resourceFhirAccount": "a.fhir.azurehealthcareapis.com",
            "resourceFhirId": str(n),
            "resourceVersionId": 1,
        },
        "eventType": "Microsoft.HealthcareApis.FhirResourceUpdated",
        "eventTime": "2026-01-02T03:04:05.0000000Z",
        "dataVersion": "1",
    } | changed


def cloud(n: int = 1, **changed: object) -> dict[str, object]:
    event = grid(n)
    return {
        "specversion": "1.0",
        "id": event["id"],
        "source": event["topic"],
        "type": event["eventType"],
        "subject": event["subject"],
        "time": event["eventTime"],
        "data": event["data"],
    } | changed
