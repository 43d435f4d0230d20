"""Value sets with their codes: from memory and the sandbox's server, and from servers that do $expand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.adapters import fhir_valuesets
from shared.adapters.clock import SystemClock
from shared.adapters.fhir_calls import FhirCalls
from shared.adapters.fhir_http import FhirHttp
from shared.adapters.memory_fhir import MemoryFhir
from shared.errors import Rejected, Unavailable
from shared.ports import FhirServer
from shared.segment.valuesets import ValueSets

type Resource = dict[str, object]

SYSTEM = "urn:system"
URL = "https://terminology.example/valuesets/asked?fhir_vs=ecl/<<2&x=1"
FILTER = {"property": "concept", "op": "is-a", "value": "x"}
UNTOLD: Resource = {"compose": {"include": [{"system": SYSTEM, "filter": [FILTER]}]}}
COSTLY = "http://hl7.org/fhir/StructureDefinition/valueset-toocostly"


@pytest.fixture(params=["memory", "http"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[FhirServer]:
    if request.param == "memory":
        yield MemoryFhir(SystemClock())
        return
    async with aiohttp.ClientSession() as session:
        yield FhirHttp(FhirCalls(session, request.getfixturevalue("sekmet")))


@pytest.fixture
def url() -> str:
    return f"https://hearthline.example/valuesets/{uuid4().hex}"


def valueset(url: str, version: str, content: Resource, status: str = "active") -> Resource:
    told = {"version": version} if version else {}
    return {
        "resourceType": "ValueSet",
        "id": uuid4().hex,
        "url": url,
        "status": status,
        **told,
        **content,
    }


def listed(*codes: str) -> Resource:
    return {"compose": {"include": [{"system": SYSTEM, "concept": [{"code": code} for code in codes]}]}}


def expanded(*codes: str, **more: object) -> Resource:
    contains = [{"system": SYSTEM, "code": code} for code in codes]
    return {"expansion": {"timestamp": "2026-03-01T00:00:00Z", "contains": contains, **more}}


async def codes(server: FhirServer, url: str, version: str = "") -> tuple[object, set[str]] | None:
    """Return the version found and its codes."""
    found = await server.value_set(url, version)
    if found is None:
        return None
    assert found["url"] == url
    tokens = ValueSets.of([found]).tokens(url)
    return found.get("version"), {token.removeprefix(f"{SYSTEM}|") for token in tokens}


async def test_what_was_never_there_is_not_known(server, url):
    assert await codes(server, url) is None
    assert await codes(server, url, "1.0") is None


async def test_a_value_set_is_found_by_url_and_version(server, url):
    await server.update(valueset(f"{url}-other", "9", listed("z")))
    for version, content in (("1.9", listed("a")), ("1.10", expanded("a", "b")), ("1.2", listed("c"))):
        await server.update(valueset(url, version, content))
    assert await codes(server, url) == ("1.10", {"a", "b"})
    assert await codes(server, url, "1.9") == ("1.9", {"a"})
    assert await codes(server, url, "1") is None


async def test_an_active_version_goes_before_a_later_draft(server, url):
    await server.update(valueset(url, "1", listed("a")))
    await server.update(valueset(url, "2", listed("b"), status="draft"))
    assert await codes(server, url) == ("1", {"a"})
    assert await codes(server, url, "2") == ("2", {"b"})


async def test_a_value_set_may_have_no_version(server, url):
    await server.update(valueset(url, "", listed("a")))
    assert await codes(server, url) == (None, {"a"})


async def test_a_value_set_that_changes_is_read_as_it_is_now(server, url):
    held = valueset(url, "1", listed("a"))
    await server.update(held)
    await server.update({**held, **listed("b")})
    assert await codes(server, url) == ("1", {"b"})


@pytest.mark.parametrize(
    "content",
    [
        UNTOLD,
        {},
        expanded("a", total=2),
        expanded("a", extension=[{"url": COSTLY, "valueBoolean": True}]),
        {"compose": {**listed("a")["compose"], "exclude": [{"system": SYSTEM}]}},  # type: ignore[dict-item]
    ],
)
async def test_a_value_set_without_all_its_codes_is_no_value_set_of_fewer(server, url, content):
    await server.update(valueset(url, "1", content))
    with pytest.raises(Rejected) as rejected:
        await server.value_set(url)
    assert rejected.value.code == "no-expansion"


class Terminology:
    """A server that expands one value set, page by page unless it does not know how."""

    def __init__(self) -> None:
        self.codes = [f"c{n}" for n in range(7)]
        self.version = "3"
        self.paging = True
        self.total = "all"
        """What it says in total: "all", "none", "page" for one more than this page has if there is one."""
        self.broken: dict[int, int] = {}
        """A status by offset."""
        self.stored: list[Resource] = []
        self.more: Resource = {}
        self.asked: list[dict[str, str]] = []
        self.base = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append({"path": request.path, **request.query})
        if request.path == "/fhir/ValueSet":
            entries = [{"resource": each} for each in self.stored]
            return self._says(200, {"resourceType": "Bundle", "type": "searchset", "entry": entries})
        offset, count = int(request.query["offset"]), int(request.query["count"])
        if offset in self.broken:
            return self._says(self.broken[offset], {"resourceType": "OperationOutcome"})
        begin, end = (offset, offset + count) if self.paging else (0, None)
        page = self.codes[begin:end]
        rest = len(page) + (end is not None and end < len(self.codes))
        totals = {"all": len(self.codes), "page": rest, "none": None}
        content = expanded(*page, **{"total": totals[self.total], **self.more})
        return self._says(200, valueset(request.query["url"], self.version, content))

    @staticmethod
    def _says(status: int, body: Resource) -> web.Response:
        return web.Response(status=status, body=orjson.dumps(body), content_type="application/fhir+json")


@pytest.fixture
async def terminology(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Terminology]:
    monkeypatch.setattr(fhir_valuesets, "PAGE", 3)
    served = Terminology()
    app = web.Application()
    app.router.add_get("/{path:.*}", served.handle)
    async with TestServer(app) as running:
        served.base = str(running.make_url("/fhir"))
        yield served


@pytest.fixture
async def client(terminology: Terminology) -> AsyncIterator[FhirHttp]:
    async with aiohttp.ClientSession() as session:
        yield FhirHttp(FhirCalls(session, terminology.base))


@pytest.mark.parametrize("total", ["all", "none", "page"])
@pytest.mark.parametrize("size", [1, 3, 4, 6, 7])
async def test_all_pages_of_an_expansion_are_read(terminology, client, total, size):
    terminology.total, terminology.codes = total, terminology.codes[:size]
    assert await codes(client, URL) == ("3", set(terminology.codes))
    assert {(each["path"], each["url"]) for each in terminology.asked} == {("/fhir/ValueSet/$expand", URL)}
    offsets = [int(each["offset"]) for each in terminology.asked]
    assert offsets == [n * 3 for n in range(len(offsets))]
    assert len(offsets) <= size // 3 + 1


@pytest.mark.parametrize("total", ["all", "none"])
@pytest.mark.parametrize("size", [3, 7])
async def test_a_server_without_paging_gives_all_at_once(terminology, client, total, size):
    terminology.paging, terminology.total = False, total
    terminology.codes = terminology.codes[:size]
    assert await codes(client, URL) == ("3", set(terminology.codes))
    assert len(terminology.asked) <= 2


async def test_nested_codes_count_towards_the_total(terminology, client):
    inner = [{"system": SYSTEM, "code": "inner"}]
    terminology.codes = []
    terminology.more = {"contains": [{"system": SYSTEM, "code": "outer", "contains": inner}], "total": 2}
    assert await codes(client, URL) == ("3", {"outer", "inner"})
    assert len(terminology.asked) == 1


async def test_the_version_is_asked_for_and_another_one_will_not_do(terminology, client):
    terminology.stored = [valueset(URL, "3", listed("x")), valueset(URL, "2", listed("y"))]
    assert await codes(client, URL, "3") == ("3", set(terminology.codes))
    assert terminology.asked[0]["valueSetVersion"] == "3"
    assert await codes(client, URL, "2") == ("2", {"y"})
    assert await codes(client, URL, "1") is None


@pytest.mark.parametrize("status", [400, 404, 405, 422, 501])
async def test_where_it_is_not_expanded_the_stored_one_serves(terminology, client, status):
    terminology.broken = {0: status}
    assert await codes(client, URL) is None
    terminology.stored = [valueset("urn:other", "1", listed("z")), valueset(URL, "1", listed("x"))]
    assert await codes(client, URL) == ("1", {"x"})
    terminology.stored = [valueset(URL, "1", UNTOLD)]
    with pytest.raises(Rejected, match="neither expands it nor keeps all its codes"):
        await client.value_set(URL)


async def test_a_server_that_fails_is_not_taken_for_one_that_does_not_know(terminology, client):
    terminology.broken = {0: 500}
    with pytest.raises(Unavailable):
        await client.value_set(URL)
    terminology.broken = {3: 404}
    with pytest.raises(Unavailable, match="all pages"):
        await client.value_set(URL)


async def test_part_of_an_expansion_is_refused(terminology, client, monkeypatch):
    """Cut short by the server's own word, by a total that never comes, or by our bound."""
    terminology.more = {"extension": [{"url": COSTLY, "valueBoolean": True}]}
    with pytest.raises(Rejected, match="not complete"):
        await client.value_set(URL)
    terminology.more = {"total": 8}
    with pytest.raises(Rejected, match="does not give all codes"):
        await client.value_set(URL)
    terminology.more = {}
    monkeypatch.setattr(fhir_valuesets, "MOST", 5)
    with pytest.raises(Rejected, match="more than 5 codes"):
        await client.value_set(URL)
