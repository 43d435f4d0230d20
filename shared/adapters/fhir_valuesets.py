"""Value sets with their codes from a FHIR server: by `ValueSet/$expand`, else as the server keeps them.

Beneath shared.adapters.fhir_http. https://hl7.org/fhir/R4/operation-valueset-expand.html .
Where there is no $expand, as in Azure Health Data Services, a ValueSet serves that the server keeps with its
expansion, or that lists its codes one by one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping

from yarl import URL

from shared.adapters.fhir_bundles import Resource
from shared.adapters.fhir_calls import FhirCalls
from shared.errors import Invalid, Rejected, Unavailable
from shared.fhir.canonical import version_key
from shared.segment.valuesets import ValueSets

type Search = Callable[[str, Mapping[str, str]], AsyncIterator[Resource]]

PAGE = 1000
"""Codes that are asked for at once; a server without paging gives all of them."""

MOST = 200_000
"""Codes after which we stop reading."""

_NO_EXPAND = frozenset({400, 404, 405, 410, 422, 501})
_REFUSED = frozenset({"not-supported", "fhir-refused"})
_INCOMPLETE = ("/valueset-toocostly", "/valueset-unclosed")
_UNLISTED = "the FHIR server neither expands it nor keeps all its codes"


async def read_value_set(calls: FhirCalls, search: Search, url: str, version: str) -> Resource | None:
    """Return a ValueSet with its codes, None where the server knows none. Raises as FhirServer.value_set."""
    return await _expanded(calls, url, version) or await _kept(search, url, version)


async def _expanded(calls: FhirCalls, url: str, version: str) -> Resource | None:
    """Read all pages of an expansion; None where the server does not expand it, or not in this version."""
    pages = _Pages()
    while True:
        body = await _page(calls, url, version, pages.nodes)
        if body is None:
            if pages.nodes:
                raise Unavailable("the FHIR server did not give all pages of an expansion")
            return None
        if pages.take(_object(body.get("expansion"))):
            return {**body, "url": url, "expansion": {"contains": pages.contains}}


async def _page(calls: FhirCalls, url: str, version: str, offset: int) -> Resource | None:
    asked = {"url": url, "offset": str(offset), "count": str(PAGE)}
    if version:
        asked["valueSetVersion"] = version
    answer = await calls.get(URL(f"{calls.base}/ValueSet/$expand").with_query(asked), _NO_EXPAND)
    body = _object(answer.body)
    if body.get("resourceType") != "ValueSet" or not isinstance(body.get("expansion"), dict):
        return None
    meant = body.get("url", url) == url and version in ("", body.get("version"))
    return body if meant else None


class _Pages:
    """The pages of one expansion so far."""

    def __init__(self) -> None:
        self.contains: list[Resource] = []
        self.nodes = 0
        self._seen: set[tuple[object, object]] = set()

    def take(self, expansion: Resource) -> bool:
        """Add a page, and say whether it was the last. Raises Rejected when not all codes can be had."""
        if _is_cut_short(expansion):
            raise Rejected("the FHIR server says that its expansion is not complete", "no-expansion")
        contains, total = list(_objects(expansion.get("contains"))), expansion.get("total")
        places = [(node.get("system"), node.get("code")) for node in _nodes(contains)]
        again = self._seen.issuperset(places)
        if not again:
            self.contains += contains
            self.nodes += len(places)
            self._seen.update(places)
        if self.nodes > MOST:
            raise Rejected(f"the FHIR server has more than {MOST} codes of it", "too-large")
        if isinstance(total, int) and total > self.nodes:
            if again:
                raise Rejected("the FHIR server does not give all codes of its expansion", "no-expansion")
            return False
        # a total may be that of the page alone, or none: then a full page may have another after it
        return again or len(places) != PAGE or total == self.nodes


async def _kept(search: Search, url: str, version: str) -> Resource | None:
    asked = {"url": url, "version": version} if version else {"url": url}
    try:
        return pick([found async for found in search("ValueSet", asked)], url, version)
    except Rejected as rejected:
        if rejected.code in _REFUSED:  # a server without ValueSets
            return None
        raise


def pick(found: Iterable[Resource], url: str, version: str) -> Resource | None:
    """Return the ValueSet meant, with its codes; of several versions an active one, then the latest.

    What a search found need not be what was asked for: servers pass over parameters that they do not know.
    Raises Rejected (no-expansion) where there is one, but without its codes.
    """
    meant = [each for each in found if each.get("url") == url and version in ("", each.get("version"))]
    for each in sorted(meant, key=_rank, reverse=True):
        if _has_codes(each):
            return each
    if meant:
        raise Rejected(_UNLISTED, "no-expansion")
    return None


def _rank(resource: Resource) -> tuple[bool, object]:
    return resource.get("status") == "active", version_key(str(resource.get("version") or ""))


def _has_codes(resource: Resource) -> bool:
    """Say whether a ValueSet has all its codes: those of a first page are no whole expansion."""
    expansion = _object(resource.get("expansion"))
    total, nodes = expansion.get("total"), sum(1 for _ in _nodes(_objects(expansion.get("contains"))))
    if _is_cut_short(expansion) or (isinstance(total, int) and total > nodes):
        return False
    try:
        ValueSets.of([resource])
    except Invalid:
        return False
    return True


def _is_cut_short(expansion: Resource) -> bool:
    return any(str(each.get("url")).endswith(_INCOMPLETE) for each in _objects(expansion.get("extension")))


def _nodes(contains: Iterable[Resource]) -> Iterator[Resource]:
    for node in contains:
        yield node
        yield from _nodes(_objects(node.get("contains")))


def _object(value: object) -> Resource:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> Iterator[Resource]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())
