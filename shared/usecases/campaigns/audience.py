"""Whom a campaign is for, page by page in the order of keys: segments by their member lists, and lists."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from itertools import batched

from msgspec import Struct

from shared.catalogue import Catalogue
from shared.errors import Rejected
from shared.fhir.canonical import version_key
from shared.journey.campaign import CampaignDefinition
from shared.journey.happening import short
from shared.patient.record import patient_key
from shared.segment.static_list import StaticList, parse_list
from shared.usecases.campaigns.documents import keep_list, load_list
from shared.usecases.services import Services
from shared.usecases.shelf import load_documents, load_shelf

_TOKENS = 20
"""Identifiers of one search."""


_ESCAPES = str.maketrans({each: f"\\{each}" for each in "\\,$|"})


class Turn(Struct, frozen=True):
    """Somebody whose turn it is, and why they are left out, or ""."""

    key: str
    why_not: str = ""


class Audience:
    """The audience of a campaign; `lists` holds the sorted keys of each list that it names."""

    def __init__(
        self, services: Services, definition: CampaignDefinition, lists: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._services = services
        self._definition = definition.audience
        self._lists = lists

    async def page(self, cursor: str, size: int) -> tuple[Turn, ...]:
        """Return the next so many people beyond `cursor`, by key; none: all had their turn.

        Costs a query for the first segment, and one for each other. Raises Unavailable.
        """
        first, *others = self._definition.within
        keys = await self._after(first, cursor, size)
        if not keys:
            return ()
        reasons: dict[str, str] = {}
        for url in others:
            present = await self._among(url, keys)
            reasons = {key: f"not in {short(url)}" for key in keys if key not in present} | reasons
        for url in self._definition.not_in:
            present = await self._among(url, keys)
            reasons = {key: f"in {short(url)}" for key in keys if key in present} | reasons
        return tuple(Turn(key, reasons.get(key, "")) for key in keys)

    async def size(self, cursor: str = "") -> int:
        """Count the people beyond `cursor`, those who will be left out too: a query for each thousand."""
        count = 0
        while keys := await self._after(self._definition.within[0], cursor, 1000):
            count, cursor = count + len(keys), keys[-1]
        return count

    async def _after(self, url: str, cursor: str, size: int) -> tuple[str, ...]:
        if url in self._lists:
            keys = self._lists[url]
            start = bisect_right(keys, cursor)
            return keys[start : start + size]
        return await self._services.indexes.members(url, cursor, size)

    async def _among(self, url: str, keys: tuple[str, ...]) -> frozenset[str]:
        """Return who between the first and the last of these is in a segment or on a list."""
        if url in self._lists:
            return frozenset(self._lists[url]) & frozenset(keys)
        rows = await self._services.indexes.member_rows(url, keys[0], keys[-1])
        return frozenset(row.key for row in rows if row.member)


async def audience_of_run(
    services: Services, catalogue: Catalogue, definition: CampaignDefinition, run: str
) -> Audience:
    """Return the audience of a run: who is on its lists is written down at its beginning, and stays so."""
    lists: dict[str, tuple[str, ...]] = {}
    for url in _lists(catalogue, definition):
        held = await load_list(services.documents, run, url)
        if held is None:
            held = (await resolve_lists(services, (url,)))[url]
            await keep_list(services.documents, run, url, held)
        lists[url] = held
    return Audience(services, definition, lists)


async def audience_now(services: Services, catalogue: Catalogue, definition: CampaignDefinition) -> Audience:
    """Return the audience as it is now."""
    lists = await resolve_lists(services, _lists(catalogue, definition))
    return Audience(services, definition, lists)


async def resolve_lists(services: Services, urls: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the sorted keys of the people on published lists, each in its latest version.

    Whoever is named by an identifier is looked for on the FHIR server. Raises Unavailable, Rejected (nobody
    published such a list).
    """
    if not urls:
        return {}
    shelf, _ = await load_shelf(services.documents)
    found: dict[str, StaticList] = {}
    for document in await load_documents(services.documents, shelf):
        if document.kind == "list" and document.body.get("url") in urls:
            made = parse_list(document.body, document.where)
            held = found.get(made.url)
            if held is None or version_key(made.version) > version_key(held.version):
                found[made.url] = made
    if missing := [url for url in urls if url not in found]:
        raise Rejected(f"there is no segment or list {missing[0]}", "no-list")
    return {url: await _keys(services, found[url]) for url in urls}


async def _keys(services: Services, people: StaticList) -> tuple[str, ...]:
    keys = {patient_key(patient) for patient in people.patients}
    for tokens in batched(sorted(people.identifiers), _TOKENS, strict=False):
        asked = {"identifier": ",".join(map(_escaped, tokens)), "_elements": "id", "_count": "500"}
        async for resource in services.fhir.search("Patient", asked):
            if resource.get("resourceType") == "Patient":
                keys.add(patient_key(str(resource.get("id"))))
    return tuple(sorted(keys))


def _escaped(token: str) -> str:
    """Write a token so that its comma, dollar and backslash are no syntax; the first bar is."""
    system, _, value = token.partition("|")
    return f"{system.translate(_ESCAPES)}|{value.translate(_ESCAPES)}"


def _lists(catalogue: Catalogue, definition: CampaignDefinition) -> tuple[str, ...]:
    urls = (*definition.audience.within, *definition.audience.not_in)
    return tuple(url for url in urls if url not in catalogue.segments)
