"""The FhirServer port over FHIR's REST API (https://hl7.org/fhir/R4/http.html): how changes are read.

What goes into a URL is checked to be a type and an id first. Which failure is raised when: fhir_answers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import islice
from urllib.parse import urlencode

from yarl import URL

from shared.adapters.fhir_answers import version_of
from shared.adapters.fhir_bulk import FhirBulk
from shared.adapters.fhir_bundles import (
    Resource,
    bundle,
    changes,
    former,
    next_page,
    resources,
    subscription_key,
)
from shared.adapters.fhir_valuesets import read_value_set
from shared.errors import Rejected
from shared.fhir.instants import Instant, iso
from shared.fhir.references import ResourceKey, resource_key
from shared.ports import Deletion, FhirRead

_GONE = frozenset({404, 410})
_NO_EVENTS = frozenset({400, 404, 405, 410, 422, 501})
_NO_HISTORY = frozenset({400, 404, 405, 410, 501})


class FhirHttp(FhirBulk):
    """A FHIR server, over HTTP; its exports: shared.adapters.fhir_bulk."""

    async def read(self, key: ResourceKey) -> FhirRead:
        """Read the current version. Raises Unavailable, Rejected."""
        answer = await self._calls.get(self._url(key), _GONE)
        if answer.status in _GONE:
            return FhirRead(None, version_of(answer.headers), deleted=answer.status == 410)
        resource = answer.body
        if not isinstance(resource, dict) or not _is(resource, key):
            raise Rejected(
                "the FHIR server answered with another resource than the one asked for", "not-the-one"
            )
        return FhirRead(resource, _version(resource) or version_of(answer.headers))

    async def history(self, key: ResourceKey) -> tuple[Resource, ...]:
        """Return the versions before the current one, newest first, without deletions."""
        url: URL | None = self._url(key, "/_history")
        found: list[Resource] = []
        while url is not None:
            answer = await self._calls.get(url, _NO_HISTORY)
            if answer.status in _NO_HISTORY:
                break
            page = bundle(answer.body)
            found += former(page)
            url = next_page(page, url, self._calls.base)
        return tuple(version for version in found[1:] if version and _is(version, key))

    async def deletions(self, resource_type: str, since: Instant) -> AsyncIterator[Deletion]:
        """Walk [type]/_history?_since, newest first. Raises Unavailable, Rejected (no-history).

        Ends at the first entry older than `since`: some servers forget the parameter from page to page.
        """
        checked = resource_key(resource_type, "any").resource_type
        asked = {"_since": iso(since), "_count": "500"}
        url: URL | None = URL(f"{self._base}/{checked}/_history").with_query(asked)
        while url is not None:
            answer = await self._calls.get(url, _NO_HISTORY)
            if answer.status in _NO_HISTORY:
                raise Rejected(f"the FHIR server keeps no history of types ({answer.status})", "no-history")
            page = bundle(answer.body)
            for at, deletion in changes(page, checked):
                if at < since:
                    return
                if deletion is not None:
                    yield deletion
            url = next_page(page, url, self._calls.base)

    def search(
        self, resource_type: str, params: Mapping[str, str | Sequence[str]]
    ) -> AsyncIterator[Resource]:
        """Walk all pages of a search, included resources too. Raises Unavailable, Rejected."""
        checked = resource_key(resource_type, "any").resource_type
        return self._walk(URL(f"{self._base}/{checked}").with_query(params))

    async def find(
        self, resource_type: str, params: Mapping[str, str | Sequence[str]], limit: int
    ) -> tuple[Resource, ...]:
        """Search by POST (https://hl7.org/fhir/R4/http.html#search), one page. Raises as `search`."""
        checked = resource_key(resource_type, "any").resource_type
        answer = await self._calls.search(
            URL(f"{self._base}/{checked}/_search"), urlencode(params, doseq=True)
        )
        found = (each for each in resources(bundle(answer.body)) if each.get("resourceType") == checked)
        return tuple(islice(found, limit))

    def everything(self, patient_id: str) -> AsyncIterator[Resource]:
        """Walk Patient/[id]/$everything. Raises Unavailable, Rejected."""
        return self._walk(self._url(resource_key("Patient", patient_id), "/$everything"))

    async def value_set(self, url: str, version: str = "") -> Resource | None:
        """Read a ValueSet with its codes: shared.adapters.fhir_valuesets. Raises Unavailable, Rejected."""
        return await read_value_set(self._calls, self.search, url, version)

    async def _walk(self, first: URL) -> AsyncIterator[Resource]:
        url: URL | None = first
        while url is not None:
            page = bundle((await self._calls.get(url)).body)
            for resource in resources(page):
                yield resource
            url = next_page(page, url, self._calls.base)

    async def events(self, subscription: str, since: int, until: int) -> tuple[Resource, ...]:
        """Call Subscription/[id]/$events; both numbers are inclusive. Raises Rejected (events-unsupported).

        https://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition-backport-subscription-events.html
        """
        key = subscription_key(subscription)
        asked = {"eventsSinceNumber": str(since), "eventsUntilNumber": str(until), "content": "id-only"}
        answer = await self._calls.get(self._url(key, "/$events").with_query(asked), _NO_EVENTS)
        if answer.status in _NO_EVENTS:
            raise Rejected(f"the FHIR server has no $events for this ({answer.status})", "events-unsupported")
        return (bundle(answer.body),)

    async def update(self, resource: Resource, if_match: str | None = None) -> str:
        """PUT a resource and return its new version; over `if_match` only, where given.

        Raises Conflict when the server has another version. After Unavailable it may have been written, and
        after Conflict too, by us: aiohttp sends an idempotent request again when its connection breaks.
        """
        key = resource_key(resource.get("resourceType"), resource.get("id"))
        headers = {"Prefer": "return=minimal"}
        if if_match is not None:
            headers["If-Match"] = f'W/"{if_match}"'
        answer = await self._calls.put(self._url(key), resource, headers)
        return version_of(answer.headers) or _version(answer.body)

    def _url(self, key: ResourceKey, tail: str = "") -> URL:
        checked = resource_key(key.resource_type, key.resource_id)
        return URL(f"{self._base}/{checked}{tail}", encoded=True)


def _is(resource: Resource, key: ResourceKey) -> bool:
    return resource.get("resourceType") == key.resource_type and resource.get("id") == key.resource_id


def _version(resource: object) -> str:
    meta = resource.get("meta") if isinstance(resource, dict) else None
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return version if isinstance(version, str) else ""
