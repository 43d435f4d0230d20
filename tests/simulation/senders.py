"""How the FHIR server tells of a change: the wire formats, each as the request that carries it."""

from __future__ import annotations

import json
from typing import Any

from shared.fhir.instants import Instant, iso
from shared.fhir.notification import Request
from shared.fhir.proof import Evidence
from shared.fhir.references import ResourceKey
from shared.fhir.sources import FunctionKey, Source
from tests.simulation.happenings import Style

SOURCE = Source(
    name="hospital",
    formats=frozenset({"event-grid", "cloud-events", "rest-hook", "subscription"}),
    proofs=(FunctionKey(),),
)
EVIDENCE = Evidence(function_key=True)
SUBSCRIPTION = "Subscription/all"
_ACCOUNT = "hospital.fhir.azurehealthcareapis.com"


def request(
    style: Style, key: ResourceKey, version: int, resource: dict[str, Any] | None, at: Instant
) -> Request:
    """Write a notification that carries no event number; `resource` is None for a deletion."""
    if style == "event-grid":
        return _post([_event_grid(key, version, resource is None, at)])
    if style == "cloud-events":
        return _post([_cloud_event(key, version, resource is None, at)])
    if resource is None:
        return Request("DELETE", f"/{key}")
    return Request("PUT", f"/{key}", body=json.dumps(resource).encode())


def bundle(key: ResourceKey, version: int, gone: bool, number: int, at: Instant) -> dict[str, Any]:
    """Write an R5 notification bundle, id-only, of one event."""
    event = {"eventNumber": str(number), "timestamp": iso(at), "focus": {"reference": str(key)}}
    method = "DELETE" if gone else "PUT"
    entry = {
        "fullUrl": f"https://{_ACCOUNT}/{key}",
        "request": {"method": method, "url": str(key)},
        "response": {"status": "200", "etag": f'W/"{version}"', "lastModified": iso(at)},
    }
    return _bundle(_status("event-notification", number, [event]), at, entry)


def heartbeat(number: int, at: Instant) -> dict[str, Any]:
    """Write a heartbeat: it tells how many events there were, so that a gap at the end is found."""
    return _bundle(_status("heartbeat", number, []), at)


def posted(bundle: dict[str, Any]) -> Request:
    """Carry a bundle."""
    return _post(bundle)


def _post(body: object) -> Request:
    return Request("POST", body=json.dumps(body).encode())


def _status(kind: str, number: int, events: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "resourceType": "SubscriptionStatus",
        "status": "active",
        "type": kind,
        "eventsSinceSubscriptionStart": str(number),
        "notificationEvent": events,
        "subscription": {"reference": SUBSCRIPTION},
    }


def _bundle(status: dict[str, Any], at: Instant, *entries: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "subscription-notification",
        "timestamp": iso(at),
        "entry": [{"resource": status}, *entries],
    }


def _action(version: int, gone: bool) -> str:
    action = "Deleted" if gone else "Created" if version == 1 else "Updated"
    return f"Microsoft.HealthcareApis.FhirResource{action}"


def _data(key: ResourceKey, version: int) -> dict[str, Any]:
    return {
        "resourceType": key.resource_type,
        "resourceFhirAccount": _ACCOUNT,
        "resourceFhirId": key.resource_id,
        "resourceVersionId": version,
    }


def _event_grid(key: ResourceKey, version: int, gone: bool, at: Instant) -> dict[str, Any]:
    return {
        "id": f"{key}/{version}",
        "topic": "/subscriptions/1",
        "subject": f"{_ACCOUNT}/{key}",
        "data": _data(key, version),
        "eventType": _action(version, gone),
        "dataVersion": "3",
        "metadataVersion": "1",
        "eventTime": iso(at),
    }


def _cloud_event(key: ResourceKey, version: int, gone: bool, at: Instant) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{key}/{version}",
        "source": "/subscriptions/1",
        "type": _action(version, gone),
        "subject": f"{_ACCOUNT}/{key}",
        "time": iso(at),
        "data": _data(key, version),
    }
