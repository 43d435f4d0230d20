"""FHIR R4 rest-hook: PUT and DELETE of /Type/id as HAPI sends them, POST of a resource, and the empty POST.

https://hl7.org/fhir/R4/subscription.html#channels; HAPI's SubscriptionDeliveringRestHookSubscriber sends an
update for created and updated alike, a delete without a body, and with payload search criteria a transaction.
"""

from __future__ import annotations

from shared.errors import Rejected
from shared.fhir.notification import (
    Action,
    Format,
    Heard,
    Ignored,
    Limits,
    Notification,
    Recover,
    Request,
    Resource,
    ResourceChange,
)
from shared.fhir.notifications.batches import read_batch
from shared.fhir.notifications.paths import Tail, read_tail
from shared.fhir.notifications.pushed import pushed_change
from shared.fhir.notifications.reading import items, mapping

_ACTIONS: dict[str, Action] = {"POST": "created", "DELETE": "deleted"}


def parse_delete(request: Request) -> Heard:
    """Read a DELETE of /Type/id; a body, if any, says nothing. Raises Rejected."""
    tail = read_tail(request.path_tail)
    if tail.key is None:
        raise Rejected("a DELETE must name a resource", "bad-path")
    return _heard(ResourceChange(tail.key, tail.version, "deleted"))


def parse_unread(request: Request) -> Heard:
    """Read a request whose body is empty, or in XML: only the path may name the resource. Raises Rejected.

    Where it names none, "something that you subscribed to has changed" is all that was said.
    """
    tail = read_tail(request.path_tail)
    if tail.key is None:
        types = (tail.resource_type,) if tail.resource_type else ()
        recover = Recover("nothing-named", types=types)
        return Heard((Notification("events", "rest-hook", recover=recover),))
    return _heard(ResourceChange(tail.key, tail.version))


def parse_resource(
    request: Request, resource: Resource, format: Format = "rest-hook", action: Action = "unknown"
) -> Heard:
    """Read a pushed resource; it must be the one that the path names, if it names one. Raises Rejected."""
    tail = read_tail(request.path_tail)
    change = pushed_change(resource, tail.key, action)
    _agree(tail, change)
    return _heard(change, format)


def parse_transaction(bundle: Resource, limits: Limits) -> Heard:
    """Read a transaction that pushes resources: its PUTs, POSTs and DELETEs are changes. Raises Rejected."""
    changes, ignored = read_batch(items(bundle.get("entry"), "Bundle.entry"), _entry, limits.events)
    return Heard((Notification("events", "rest-hook", changes=changes),) if changes else (), ignored)


def _heard(change: ResourceChange, format: Format = "rest-hook") -> Heard:
    return Heard((Notification("events", format, changes=(change,)),))


def _agree(tail: Tail, change: ResourceChange) -> None:
    if tail.resource_type not in (None, change.key.resource_type):
        raise Rejected("the resource is not of the type that the path names", "subject-mismatch")
    if tail.version is not None and change.version not in (None, tail.version):
        raise Rejected("the resource is not the version that the path names", "subject-mismatch")


def _entry(entry: object) -> ResourceChange | Ignored:
    parts = mapping(entry, "Bundle.entry")
    asked = mapping(parts.get("request"), "Bundle.entry.request")
    method, url = asked.get("method"), asked.get("url")
    if method not in ("PUT", "POST", "DELETE") or not isinstance(url, str):
        return Ignored("not-a-change", "a bundle entry that changes nothing")
    tail = read_tail(url)
    if method == "DELETE":
        if tail.key is None:
            raise Rejected("a DELETE must name a resource", "bad-path")
        return ResourceChange(tail.key, tail.version, "deleted")
    resource = mapping(parts.get("resource"), "Bundle.entry.resource")
    change = pushed_change(resource, tail.key, _ACTIONS.get(method, "unknown"))
    _agree(tail, change)
    return change
