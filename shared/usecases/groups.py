"""Segments as FHIR Groups: a segment's members made into a Group resource, and written on request.

member list → records → Group. A Group has at most MOST members, as servers bound the size of a resource; a
larger segment is one Group of Groups, which R4 allows (Group.member.entity), and each of those is a Group of
patients of its own. Ids are derived from the segment's url, so that the same segment is the same Group.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from itertools import batched

from msgspec import Struct

from shared.errors import Rejected
from shared.fhir.canonical import split_canonical
from shared.fhir.groups import GroupLabel, GroupMember, group_of_groups, group_of_patients
from shared.fhir.instants import Instant
from shared.fhir.references import ResourceKey
from shared.patient.record import identify
from shared.usecases.services import Services

MOST = 10_000
"""Members of one Group: some 1.3 MB."""

PAGE = 500
"""Members whose records are read at a time."""

_AT_ONCE = 32

type Resource = Mapping[str, object]


class Written(Struct, frozen=True):
    """What became of one Group on the server."""

    reference: str
    version: str
    changed: bool


async def groups_of(services: Services, segment: str) -> AsyncIterator[dict[str, object]]:
    """Make the Groups of a segment (its url): the parts first, if there are several, and the whole last.

    Raises Rejected for a segment that is not published, Unavailable.
    """
    label = await _label(services, segment)
    at, parts, part = services.clock.now(), list[str](), list[GroupMember]()
    total = 0
    async for member in members(services, segment):
        if len(part) == MOST:
            parts.append(_part_id(segment, len(parts)))
            yield group_of_patients(parts[-1], label, part, at)
            part = []
        part.append(member)
        total += 1
    if parts:
        parts.append(_part_id(segment, len(parts)))
        yield group_of_patients(parts[-1], label, part, at)
        yield group_of_groups(_group_id(segment), label, parts, total, at)
    else:
        yield group_of_patients(_group_id(segment), label, part, at)


async def _label(services: Services, segment: str) -> GroupLabel:
    found = (await services.definitions.current()).segments.get(segment)
    if found is None:
        raise Rejected("no such segment is published", "unknown-segment")
    return GroupLabel(found.url, split_canonical(found.canonical)[1], found.title)


async def members(services: Services, segment: str) -> AsyncIterator[GroupMember]:
    """Walk a segment's members, in the order of their keys; the record has the last word on who is one."""
    after = ""
    while keys := await services.indexes.members(segment, after, PAGE):
        for some in batched(keys, _AT_ONCE, strict=False):
            for member in await asyncio.gather(*(_member(services, segment, key) for key in some)):
                if member is not None:
                    yield member
        after = keys[-1]


async def _member(services: Services, segment: str, key: str) -> GroupMember | None:
    record = (await services.patients.load(key)).record
    held = record.memberships.get(segment)
    if held is None or not held.member:
        return None
    return GroupMember(record.patient_id, held.since)


async def _untold(groups: int) -> None:
    """Tell nobody how far it is."""


async def write_groups(
    services: Services, segment: str, tell: Callable[[int], Awaitable[None]] = _untold
) -> list[Written]:
    """Write a segment's Groups to the server, each over the version that we saw; what says the same stays.

    Parts of a time when the segment was larger are emptied. `tell` is awaited after each Group with how many
    there are so far; what it raises ends the work there. Raises Conflict when somebody else wrote a Group
    meanwhile, Rejected, Unavailable.
    """
    done, parts = list[Written](), 0
    async for group in groups_of(services, segment):
        parts += group["id"] == _part_id(segment, parts)
        done.append(await _write(services, group))
        await tell(len(done))
    done += await _empty(services, segment, parts)
    return done


async def _write(services: Services, group: Resource) -> Written:
    key = ResourceKey("Group", str(group["id"]))
    there = await services.fhir.read(key)
    if there.resource is not None and _says(there.resource) == _says(group):
        return Written(str(key), there.version, False)
    if_match = there.version if there.resource is not None else None
    return Written(str(key), await services.fhir.update(group, if_match or None), True)


def _says(group: Resource) -> Sequence[object]:
    """Return what makes a Group another one: not when it was made."""
    return [group.get(name) for name in ("identifier", "active", "name", "quantity", "member")]


async def _empty(services: Services, segment: str, parts: int) -> list[Written]:
    """Empty the parts from a number on, as far as the server has them."""
    done = list[Written]()
    label = await _label(services, segment)
    while (await services.fhir.read(ResourceKey("Group", _part_id(segment, parts)))).resource is not None:
        empty = group_of_patients(_part_id(segment, parts), label, (), Instant(services.clock.now()))
        done.append(await _write(services, {**empty, "active": False}))
        parts += 1
    return done


def _group_id(segment: str) -> str:
    return identify("Group", segment)


def _part_id(segment: str, number: int) -> str:
    return identify("Group", segment, number)
