"""Medplum's rest-hook: a POST of the resource, with headers that say what happened to it.

https://www.medplum.com/docs/subscriptions/subscription-extensions. X-Signature (checked in proof.py) covers
the body alone: what X-Medplum-Deleted-Resource names is not signed, and the body of a delete is always {}.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.errors import Rejected
from shared.fhir.notification import Action, Heard, Notification, Request, ResourceChange
from shared.fhir.notifications.reading import mapping
from shared.fhir.notifications.rest_hook import parse_resource
from shared.fhir.references import parse_reference, resource_key

_DELETED = "x-medplum-deleted-resource"
_MARKS = (_DELETED, "x-medplum-subscription", "x-medplum-interaction", "x-signature")
_ACTIONS: dict[str, Action] = {"create": "created", "update": "updated"}


def is_medplum(headers: Mapping[str, str]) -> bool:
    """Tell Medplum by its headers; versions before X-Medplum-Subscription are told by the signature."""
    return any(name in headers for name in _MARKS)


def parse_medplum(request: Request, body: object) -> Heard:
    """Read a created, updated or deleted resource. Raises Rejected."""
    subscription = _subscription(request.headers)
    deleted = request.headers.get(_DELETED)
    if deleted is not None:
        key, version = parse_reference(deleted)
        changes = (ResourceChange(key, version, "deleted"),)
        return Heard((Notification("events", "medplum", subscription, changes=changes),))
    action = _ACTIONS.get(request.headers.get("x-medplum-interaction", ""), "unknown")
    heard = parse_resource(request, mapping(body, "the body"), "medplum", action)
    return Heard(
        tuple(msgspec.structs.replace(told, subscription=subscription) for told in heard.notifications)
    )


def _subscription(headers: Mapping[str, str]) -> str | None:
    identity = headers.get("x-medplum-subscription")
    if identity is None:
        return None
    try:
        return str(resource_key("Subscription", identity))
    except Rejected as rejected:
        raise Rejected("X-Medplum-Subscription is not an id", "bad-subscription") from rejected
