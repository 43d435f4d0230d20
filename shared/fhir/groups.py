"""FHIR Groups of patients: who is in one that the server has, and a Group made of members.

https://hl7.org/fhir/R4/group.html ; used for segments read back as Groups and Groups as static lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.instants import Instant, iso
from shared.fhir.references import ResourceKey, parse_reference


class GroupMember(Struct, frozen=True):
    """A patient who is in a Group, and since when."""

    patient_id: str
    since: Instant | None = None


def members_of(group: Mapping[str, object]) -> Iterator[ResourceKey]:
    """Walk the patients who are in a Group now; members that are inactive or no patients are passed over."""
    members = group.get("member")
    for member in members if isinstance(members, list) else ():
        if not isinstance(member, dict) or member.get("inactive") is True:
            continue
        entity = member.get("entity")
        literal = entity.get("reference") if isinstance(entity, dict) else None
        try:
            key, _ = parse_reference(literal if isinstance(literal, str) else "")
        except Rejected:
            continue
        if key.resource_type == "Patient":
            yield key


def make_group(
    group_id: str, canonical: str, title: str, members: Iterable[GroupMember], at: Instant
) -> dict[str, object]:
    """Make the Group of a segment's members as of `at`; `canonical` is "url|version".

    It names the segment twice: as identifier, by which it is found, and as text for people.
    """
    listed = [_member(member) for member in members]
    group: dict[str, object] = {
        "resourceType": "Group",
        "id": group_id,
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{_plain(title)}, as of {iso(at)}</div>',
        },
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": canonical}],
        "active": True,
        "type": "person",
        "actual": True,
        "code": {"text": "Hearthline segment"},
        "name": title,
        "quantity": len(listed),
    }
    return {**group, "member": listed} if listed else group


def _member(member: GroupMember) -> dict[str, object]:
    entity: dict[str, object] = {"entity": {"reference": f"Patient/{member.patient_id}"}}
    return entity if member.since is None else {**entity, "period": {"start": iso(member.since)}}


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
