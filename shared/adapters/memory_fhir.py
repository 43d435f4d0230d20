"""A FHIR server in memory, for simulations: versions, deletions, history, and search by _lastUpdated.

Held to the same contract suite as shared.adapters.fhir_http over a real server.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from itertools import islice

import orjson

from shared.adapters.fhir_bundles import Resource, subscription_key
from shared.adapters.fhir_valuesets import pick
from shared.adapters.memory_people import PEOPLE_PARAMETERS, is_such_person
from shared.adapters.memory_slots import SLOT_PARAMETERS, is_such_slot
from shared.errors import Conflict, Rejected
from shared.fhir.groups import members_of
from shared.fhir.instants import Instant, iso, parse_instant, parse_range
from shared.fhir.references import ResourceKey, resource_key
from shared.ports import Clock, Deletion, Export, ExportFile, FhirRead

type _Range = tuple[Instant, Instant]

_PREFIXES: Mapping[str, Callable[[Instant, _Range], bool]] = {
    "ge": lambda at, span: at >= span[0],
    "gt": lambda at, span: at >= max(span[1], span[0] + 1),
    "le": lambda at, span: at < max(span[1], span[0] + 1),
    "lt": lambda at, span: at < span[0],
    "eq": lambda at, span: span[0] <= at < max(span[1], span[0] + 1),
}

_KNOWN = frozenset(
    {"_id", "_lastUpdated", "_sort", "_count", "_elements", "patient", "subject", "identifier"}
)
"""`patient` and `subject` find what refers to a Patient anywhere."""


class MemoryFhir:
    """Every version ever written, by resource; None is a deletion."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._versions: dict[ResourceKey, list[tuple[Instant, Resource | None]]] = {}
        self._notified: dict[str, dict[int, Resource]] = {}
        self._exports: dict[str, tuple[Export, dict[str, list[bytes]]]] = {}

    async def read(self, key: ResourceKey) -> FhirRead:
        """Read the current version."""
        versions = self._versions.get(resource_key(key.resource_type, key.resource_id), [])
        if not versions:
            return FhirRead(None)
        resource = versions[-1][1]
        return FhirRead(resource, str(len(versions)), deleted=resource is None)

    async def history(self, key: ResourceKey) -> tuple[Resource, ...]:
        """Return the versions before the current one, newest first, without deletions."""
        former = self._versions.get(key, [])[-2::-1]
        return tuple(resource for _, resource in former if resource is not None)

    async def search(
        self, resource_type: str, params: Mapping[str, str | Sequence[str]]
    ) -> AsyncIterator[Resource]:
        """Search by _id, patient and _lastUpdated, oldest first unless sorted the other way; all on one page.

        Slots also by what shared.adapters.memory_slots knows.

        Raises Rejected for any other parameter, so that a simulation never searches wider than it says.
        """
        slots = resource_type == "Slot"
        if set(params) - _KNOWN - (SLOT_PARAMETERS if slots else frozenset()):
            raise Rejected("a search parameter that the memory server does not know", "fhir-refused")
        resource_key(resource_type, "any")
        current = [(v[-1], key) for key, v in self._versions.items() if key.resource_type == resource_type]
        newest_first = params.get("_sort") == "-_lastUpdated"
        ordered = sorted(current, key=lambda found: (found[0][0], found[1]), reverse=newest_first)
        for (at, resource), key in ordered:
            if resource is None or (slots and not is_such_slot(resource, params)):
                continue
            if _matches(key, at, params) and _is_of(resource, params):
                yield resource

    async def find(
        self, resource_type: str, params: Mapping[str, str | Sequence[str]], limit: int
    ) -> tuple[Resource, ...]:
        """Find patients by what shared.adapters.memory_people knows. Raises Rejected for other parameters."""
        if resource_type != "Patient" or set(params) - PEOPLE_PARAMETERS:
            raise Rejected("a search parameter that the memory server does not know", "fhir-refused")
        current = (v[-1][1] for key, v in sorted(self._versions.items()) if key.resource_type == "Patient")
        found = (each for each in current if each is not None and is_such_person(each, params))
        return tuple(islice(found, limit))

    async def deletions(self, resource_type: str, since: Instant) -> AsyncIterator[Deletion]:
        """Walk what was deleted of a type since an instant, newest first; also what came back since."""
        found = [
            Deletion(key, str(number), at)
            for key, versions in self._versions.items()
            for number, (at, resource) in enumerate(versions, start=1)
            if key.resource_type == resource_type and resource is None and at >= since
        ]
        for deletion in sorted(found, key=lambda d: (d.at, d.key), reverse=True):
            yield deletion

    async def everything(self, patient_id: str) -> AsyncIterator[Resource]:
        """Walk the patient, what refers to the patient, and all locations, which the others may refer to."""
        reference = f'"{resource_key("Patient", patient_id)}"'
        for key, versions in sorted(self._versions.items()):
            resource = versions[-1][1]
            own = key == ResourceKey("Patient", patient_id) or key.resource_type == "Location"
            if resource is not None and (own or reference in orjson.dumps(resource).decode()):
                yield resource

    async def value_set(self, url: str, version: str = "") -> Resource | None:
        """Return a ValueSet that carries its codes; there is no $expand."""
        held = [
            versions[-1][1] for key, versions in self._versions.items() if key.resource_type == "ValueSet"
        ]
        return pick((each for each in held if each is not None), url, version)

    async def events(self, subscription: str, since: int, until: int) -> tuple[Resource, ...]:
        """Return what was noted for the subscription. Raises Rejected when it is not known."""
        key = subscription_key(subscription)
        noted = self._notified.get(key.resource_id)
        if noted is None:
            raise Rejected("the FHIR server has no $events for this", "events-unsupported")
        return tuple(noted[number] for number in sorted(noted) if since <= number <= until)

    def note_event(self, subscription: str, number: int, notification: Resource) -> None:
        """Keep a notification bundle for $events."""
        self._notified.setdefault(subscription, {})[number] = notification

    async def start_export(
        self, types: Collection[str], group: str = "", since: Instant | None = None, container: str = ""
    ) -> str:
        """Export at once; a Group's members' compartments where one is named."""
        place, at = f"export-{len(self._exports) + 1}", self._clock.now()
        texts: dict[str, list[bytes]] = {}
        async for resource in self._exported(group):
            kind = str(resource["resourceType"])
            if kind in types and (since is None or _since(resource, since)):
                texts.setdefault(kind, []).append(orjson.dumps(resource))
        files = tuple(ExportFile("output", kind, kind, len(texts[kind])) for kind in sorted(texts))
        self._exports[place] = (Export(place, at, files, False), texts)
        return place

    async def _exported(self, group: str) -> AsyncIterator[Resource]:
        if not group:
            for _, versions in sorted(self._versions.items()):
                if versions[-1][1] is not None:
                    yield versions[-1][1]
            return
        found = (await self.read(ResourceKey("Group", group))).resource
        if found is None:
            raise Rejected("the FHIR server starts no such export (404)", "no-export")
        for key in members_of(found):
            async for resource in self.everything(key.resource_id):
                yield resource

    async def export_status(self, place: str) -> Export:
        """Return the export: it is finished. Raises Rejected when it is not known."""
        if place not in self._exports:
            raise Rejected("the FHIR server knows no such export (any more)", "no-such-export")
        return self._exports[place][0]

    async def export_lines(self, export: Export, file: ExportFile) -> AsyncIterator[bytes]:
        """Walk the lines of a file."""
        for line in self._exports[export.place][1][file.url]:
            yield line

    async def end_export(self, place: str) -> None:
        """Forget an export."""
        self._exports.pop(place, None)

    async def update(self, resource: Resource, if_match: str | None = None) -> str:
        """Write a version and return its id. Raises Conflict when `if_match` is not the current one."""
        key = resource_key(resource.get("resourceType"), resource.get("id"))
        if if_match is not None and if_match != (await self.read(key)).version:
            raise Conflict("the FHIR server has another version (412)")
        versions = self._versions.setdefault(key, [])
        now, version = self._clock.now(), str(len(versions) + 1)
        held = resource.get("meta")
        meta = {**(held if isinstance(held, dict) else {}), "versionId": version, "lastUpdated": iso(now)}
        versions.append((now, {**resource, "meta": meta}))
        return version

    async def delete(self, key: ResourceKey) -> None:
        """Delete a resource; one that is not there stays so."""
        versions = self._versions.get(key)
        if versions and versions[-1][1] is not None:
            versions.append((self._clock.now(), None))


def _is_of(resource: Resource, params: Mapping[str, str | Sequence[str]]) -> bool:
    if (token := params.get("identifier")) is not None and token not in _tokens(resource):
        return False
    wanted = params.get("patient") or params.get("subject")
    if not isinstance(wanted, str):
        return True
    text = orjson.dumps(resource).decode()
    return any(f'"Patient/{each}"' in text for each in wanted.split(","))


def _tokens(resource: Resource) -> list[str]:
    """Return the identifiers of a resource as a search names them, what means something else escaped."""
    held = resource.get("identifier")
    parts = [(each.get("system"), each.get("value")) for each in held] if isinstance(held, list) else []
    return ["|".join(re.sub(r"([$,|\\])", r"\\\1", str(part)) for part in pair) for pair in parts]


def _since(resource: Resource, since: Instant) -> bool:
    meta = resource["meta"]
    assert isinstance(meta, dict)
    return parse_instant(meta["lastUpdated"]) >= since


def _matches(key: ResourceKey, at: Instant, params: Mapping[str, str | Sequence[str]]) -> bool:
    wanted = params.get("_id")
    if isinstance(wanted, str) and key.resource_id not in wanted.split(","):
        return False
    bound = params.get("_lastUpdated")
    return not isinstance(bound, str) or _within(at, bound)


def _within(at: Instant, bound: str) -> bool:
    prefix, text = (bound[:2], bound[2:]) if bound[:2] in _PREFIXES else ("eq", bound)
    try:
        return _PREFIXES[prefix](at, parse_range(text))
    except ValueError:
        raise Rejected("the FHIR server refused the request (400)", "fhir-refused") from None
