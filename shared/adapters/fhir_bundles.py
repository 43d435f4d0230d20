"""Reading Bundles that a FHIR server answers with: their resources, and where the next page lies.

https://hl7.org/fhir/R4/bundle.html , paging: https://hl7.org/fhir/R4/http.html#paging
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yarl import URL

from shared.errors import Rejected, Unavailable
from shared.fhir.instants import Instant, parse_instant
from shared.fhir.references import ResourceKey, parse_reference
from shared.ports import Deletion

type Resource = Mapping[str, object]


def bundle(body: object) -> Resource:
    """Return the body as a Bundle. Raises Unavailable when it is something else."""
    if not isinstance(body, dict) or body.get("resourceType") != "Bundle":
        raise Unavailable("the FHIR server answered with something else than a Bundle")
    return body


def resources(page: Resource) -> Iterator[Resource]:
    """Walk the resources of a page; what the server has to say about the search is passed over."""
    for entry in _objects(page.get("entry")):
        resource = entry.get("resource")
        if isinstance(resource, dict) and resource.get("resourceType") != "OperationOutcome":
            yield resource


def former(page: Resource) -> Iterator[Resource]:
    """Walk the entries of a history page; an entry without a resource, a deletion, is an empty mapping."""
    for entry in _objects(page.get("entry")):
        resource = entry.get("resource")
        yield resource if isinstance(resource, dict) else {}


def changes(page: Resource, resource_type: str) -> Iterator[tuple[Instant, Deletion | None]]:
    """Walk the entries of a type's history page: when each came to be, and the deletion where it is one.

    An entry that does not say when is as old as can be. https://hl7.org/fhir/R4/http.html#history
    """
    for entry in _objects(page.get("entry")):
        request, response = _object(entry.get("request")), _object(entry.get("response"))
        at = _instant(response.get("lastModified")) or _instant(_meta(entry).get("lastUpdated")) or Instant(0)
        deletion = None
        if request.get("method") == "DELETE":
            named = _deleted(str(request.get("url") or entry.get("fullUrl") or ""), resource_type)
            version = str(response.get("etag") or "").removeprefix("W/").strip('"')
            deletion = Deletion(named, version, at) if named else None
        yield at, deletion


def _deleted(text: str, resource_type: str) -> ResourceKey | None:
    try:
        key, _ = parse_reference(text)
    except Rejected:
        return None
    return key if key.resource_type == resource_type else None


def _meta(entry: Resource) -> Resource:
    return _object(_object(entry.get("resource")).get("meta"))


def _object(value: object) -> Resource:
    return value if isinstance(value, dict) else {}


def _instant(text: object) -> Instant | None:
    try:
        return parse_instant(text) if isinstance(text, str) else None
    except ValueError:
        return None


def next_page(page: Resource, here: URL, base: URL) -> URL | None:
    """Return the page after this one. Raises Unavailable when that is not on the same server."""
    links = _objects(page.get("link"))
    target = next((link.get("url") for link in links if link.get("relation") == "next"), None)
    if not isinstance(target, str) or not target:
        return None
    try:
        there = here.join(URL(target, encoded=True))
        same = there.origin() == base.origin() and there.raw_path.startswith(base.raw_path)
    except ValueError:
        same = False
    if not same or there == here:
        raise Unavailable("the next page lies outside the FHIR server: check the base URL that it is set to")
    return there


def _objects(value: object) -> Iterator[Resource]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def subscription_key(text: str) -> ResourceKey:
    """Read which Subscription is meant: an id, or a reference, absolute too, as notifications write it.

    Only the id of an absolute one counts: servers write names of themselves that we may not know them by.
    Raises Rejected.
    """
    key, _ = parse_reference(text if "/" in text else f"Subscription/{text}")
    if key.resource_type != "Subscription":
        raise Rejected("not a reference to a Subscription", "bad-reference")
    return key
