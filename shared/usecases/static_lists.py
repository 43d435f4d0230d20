"""A FHIR Group as a static list: read from the server, and published as a list that segments ask (`in_list`).

The Group on the server goes on to change; the list is as of when it was read, until it is read again.
"""

from __future__ import annotations

from msgspec import Struct

from shared.catalogue import Document
from shared.errors import Rejected
from shared.fhir.canonical import version_key
from shared.fhir.groups import members_of
from shared.fhir.instants import iso
from shared.fhir.references import ResourceKey, parse_reference
from shared.usecases.publish import Published, load_documents, load_shelf, publish
from shared.usecases.services import Services

DEEPEST = 8
"""How deep Groups may lie in Groups."""

MOST = 15_000
"""People of one list: it is published as one document, of at most 704 KiB."""


class TakenList(Struct, frozen=True):
    """What reading a Group brought."""

    people: int
    published: Published | None
    """None where the list said the same already."""


async def read_group(services: Services, reference: str) -> frozenset[str]:
    """Return the FHIR ids of the patients in a Group, and in the Groups in it.

    Raises Rejected for what is no Group, or is not there; Unavailable.
    """
    key, _ = parse_reference(reference)
    if key.resource_type != "Group":
        raise Rejected("not a reference to a Group", "bad-reference")
    seen, ahead, found = {key}, [key], set[str]()
    for _ in range(DEEPEST):
        below = [each for group in ahead for each in await _members(services, group, found)]
        ahead = [each for each in dict.fromkeys(below) if each not in seen]
        seen |= set(ahead)
        if not ahead:
            return frozenset(found)
    raise Rejected("Groups lie in Groups too deeply", "bad-group")


async def _members(services: Services, key: ResourceKey, found: set[str]) -> list[ResourceKey]:
    """Add the patients of one Group; the Groups in it."""
    group = (await services.fhir.read(key)).resource
    if group is None:
        raise Rejected("the FHIR server has no such Group", "no-group")
    if group.get("actual") is False:
        raise Rejected("the Group describes its members and does not name them", "no-group")
    found |= {each.resource_id for each in members_of(group)}
    return list(members_of(group, "Group"))


async def take_list(services: Services, reference: str, url: str, title: str = "") -> TakenList:
    """Read a Group, and publish it as the next version of the list `url` unless it says the same already.

    Raises Rejected, Invalid, Conflict, Unavailable.
    """
    people = sorted(await read_group(services, reference))
    if len(people) > MOST:
        raise Rejected(f"a Group of {len(people)} people, {MOST} at most", "too-large")
    if await _latest(services, url) == people:
        return TakenList(len(people), None)
    version = iso(services.clock.now())
    body = {"url": url, "version": version, "title": title or reference, "members": people}
    published = await publish(services, (Document("list", reference, body),))
    return TakenList(len(people), published)


async def _latest(services: Services, url: str) -> list[str] | None:
    """Return the members of the latest version of a list that is published, or None."""
    shelf, _ = await load_shelf(services.documents)
    documents = await load_documents(services.documents, shelf)
    held = [each.body for each in documents if each.kind == "list" and each.body.get("url") == url]
    latest = max(held, key=lambda body: version_key(str(body["version"])), default=None)
    return None if latest is None else list(latest["members"])
