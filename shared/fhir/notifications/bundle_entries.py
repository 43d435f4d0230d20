"""The entries behind a notification's status: what was done to each focus, and its body if it was pushed."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Collection, Sequence

import msgspec

from shared.errors import Rejected
from shared.fhir.notification import Action, Resource, ResourceChange
from shared.fhir.notifications.pushed import pushed_change
from shared.fhir.notifications.reading import instant, mapping, text
from shared.fhir.notifications.subscription_status import Event
from shared.fhir.references import ResourceKey, parse_reference, parse_version

_ACTIONS: dict[str, Action] = {
    "POST": "created",
    "PUT": "updated",
    "PATCH": "updated",
    "DELETE": "deleted",
}
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')


class Entries:
    """The entries behind the status, by resource, in order; each is claimed by one event."""

    def __init__(self, entries: Sequence[Resource]) -> None:
        self._waiting: defaultdict[ResourceKey, deque[Resource]] = defaultdict(deque)
        self._claimed: dict[ResourceKey, Resource] = {}
        for entry in entries:
            key = _entry_key(entry)
            if key is not None:
                self._waiting[key].append(entry)

    def claim(self, key: ResourceKey) -> Resource | None:
        """Take the next entry about a resource; further events about it share the last one."""
        if self._waiting[key]:
            self._claimed[key] = self._waiting[key].popleft()
        return self._claimed.get(key)

    def spare_changes(self, contexts: Collection[ResourceKey]) -> list[ResourceChange]:
        """List what changed by the unclaimed entries alone, for events that name no focus.

        An entry counts if it says what was done (POST, PUT, PATCH, DELETE); additional context does not.
        """
        return [
            _change(key, entry)
            for key, entries in self._waiting.items()
            if key not in contexts
            for entry in entries
            if _action(entry) != "unknown"
        ]


def event_change(event: Event, entries: Entries) -> ResourceChange:
    """Join an event that has a focus with its entry, if there is one. Raises Rejected."""
    assert event.focus is not None
    entry = entries.claim(event.focus)
    if entry is None:
        return ResourceChange(event.focus, event.version, at=event.timestamp)
    change = _change(event.focus, entry)
    at = event.timestamp if change.at is None else change.at
    return msgspec.structs.replace(change, version=change.version or event.version, at=at)


def _change(key: ResourceKey, entry: Resource) -> ResourceChange:
    response = mapping(entry.get("response", {}), "Bundle.entry.response")
    version = _etag(response.get("etag"))
    at = instant(response.get("lastModified"), "Bundle.entry.response.lastModified")
    action = _action(entry)
    if "resource" not in entry or action == "deleted":
        return ResourceChange(key, version, action, at)
    change = pushed_change(mapping(entry["resource"], "Bundle.entry.resource"), key, action)
    return msgspec.structs.replace(
        change, version=change.version or version, at=at if change.at is None else change.at
    )


def _action(entry: Resource) -> Action:
    asked = mapping(entry.get("request", {}), "Bundle.entry.request")
    method = asked.get("method")
    return _ACTIONS.get(method, "unknown") if isinstance(method, str) else "unknown"


def _etag(value: object) -> str | None:
    if value is None:
        return None
    match = _ETAG.fullmatch(text(value, "Bundle.entry.response.etag"))
    if match is None:
        raise Rejected("an entry's etag is not one", "bad-version")
    return parse_version(match[1])


def _entry_key(entry: Resource) -> ResourceKey | None:
    """Say which resource an entry is about: by its fullUrl, else its request's URL, else its body."""
    asked = mapping(entry.get("request", {}), "Bundle.entry.request")
    for value in (entry.get("fullUrl"), asked.get("url")):
        if isinstance(value, str):
            try:
                return parse_reference(value)[0]
            except Rejected:  # urn:uuid:…, or the type alone that a create is posted to
                continue
    resource = entry.get("resource")
    if isinstance(resource, dict) and isinstance(resource.get("id"), str):
        try:
            return parse_reference(f"{resource.get('resourceType')}/{resource['id']}")[0]
        except Rejected:
            return None
    return None
