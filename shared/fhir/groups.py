"""FHIR Groups of patients: who is in one that the server has, and a Group made of a segment's members.

https://hl7.org/fhir/R4/group.html ; asked by shared.usecases.groups and shared.usecases.static_lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import Instant, iso
from shared.fhir.ndjson import objects
from shared.fhir.references import ResourceKey, parse_reference

_URI = "urn:ietf:rfc:3986"
"""The system of identifiers that are URIs (https://hl7.org/fhir/R4/identifier-registry.html)."""


class GroupMember(Struct, frozen=True):
    """A patient who is in a Group, and since when."""

    patient_id: str
    since: Instant | None = None


class GroupLabel(Struct, frozen=True):
    """What a Group is called: the segment that it lists."""

    url: str
    version: str
    title: str


def members_of(group: Mapping[str, object], kind: str = "Patient") -> Iterator[ResourceKey]:
    """Walk the members of a Group that are so now, of one type; a Group can have Groups in it.

    A member that is inactive, or only named by an identifier, is passed over.
    """
    for member in objects(group.get("member")):
        entity = member.get("entity")
        literal = entity.get("reference") if isinstance(entity, dict) else None
        if member.get("inactive") is True or not isinstance(literal, str):
            continue
        try:
            key, _ = parse_reference(literal)
        except Rejected:
            continue
        if key.resource_type == kind:
            yield key


def group_of_patients(
    group_id: str, label: GroupLabel, members: Sequence[GroupMember], at: Instant
) -> dict[str, object]:
    """Make a Group of patients as of `at`."""
    return _group(group_id, label, [_member(member) for member in members], len(members), at)


def group_of_groups(
    group_id: str, label: GroupLabel, groups: Sequence[str], patients: int, at: Instant
) -> dict[str, object]:
    """Make a Group whose members are Groups, by their ids, with so many patients in them."""
    members: list[dict[str, object]] = [{"entity": {"reference": f"Group/{each}"}} for each in groups]
    return _group(group_id, label, members, patients, at)


def _group(
    group_id: str, label: GroupLabel, members: list[dict[str, object]], patients: int, at: Instant
) -> dict[str, object]:
    """Name the segment by its url, by which it can be searched, and by "url|version"."""
    words = _plain(f"{label.title} ({label.version}): {patients} patients as of {iso(at)}")
    group: dict[str, object] = {
        "resourceType": "Group",
        "id": group_id,
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{words}</div>'},
        "identifier": [
            {"use": "official", "system": _URI, "value": label.url},
            {"use": "secondary", "system": _URI, "value": f"{label.url}|{label.version}"},
        ],
        "active": True,
        "type": "person",
        "actual": True,
        "code": {"text": "Members of a segment"},
        "name": label.title,
        "quantity": patients,
    }
    return {**group, "member": members} if members else group


def _member(member: GroupMember) -> dict[str, object]:
    entity: dict[str, object] = {"entity": {"reference": f"Patient/{member.patient_id}"}}
    return entity if member.since is None else {**entity, "period": {"start": iso(member.since)}}


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
