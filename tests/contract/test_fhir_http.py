"""The FHIR client against a server that answers as told: every status, every fault, nothing leaked."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared.adapters.fhir_calls import FhirCalls, FhirLimits
from shared.adapters.fhir_http import FhirHttp
from shared.adapters.identity import entra_tokens, fixed_token
from shared.errors import Conflict, HearthlineError, Rejected, Unavailable
from shared.fhir.instants import parse_instant
from shared.fhir.references import ResourceKey
from shared.ports import Deletion

SCOPE = "https://fhir.example/.default"
KEY = ResourceKey("Patient", "secret-1")
PATIENT = {
    "resourceType": "Patient",
    "id": "secret-1",
    "meta": {"versionId": "3"},
    "name": [{"family": "Secret"}],
}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "Secret of secret-1"}]}
LIMITS = FhirLimits(concurrency=2, total=0.3, connect=0.3, body_bytes=4096)


@dataclass
class Stub:
    """A FHIR server that gives the answers of `script` in turn, the last one again and again."""

    script: list[web.Response | str] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)
    busy: int = 0
    busiest: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    base: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        told = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.busy += 1
        self.busiest = max(self.busy, self.busiest)
        try:
            if told == "hang":
                await self.gate.wait()
            if told == "cut":
                assert request.transport is not None
                request.transport.close()
            if isinstance(told, str):
                return web.Response()
            await asyncio.sleep(0)
            return fresh(told)
        finally:
            self.busy -= 1

    async def sleep(self, seconds: float) -> None:
        self.paused.append(seconds)


def fresh(told: web.Response) -> web.Response:
    """Copy an answer: aiohttp sends each object once."""
    return web.Response(status=told.status, body=told.body, headers=told.headers)


def says(status: int, body: object = OUTCOME, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(
        status=status, body=orjson.dumps(body), headers=named, content_type="application/fhir+json"
    )


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    served = Stub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.handle)
    async with TestServer(app) as server:
        served.base = str(server.make_url("/fhir"))
        yield served
        served.gate.set()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def client(stub: Stub, session: aiohttp.ClientSession) -> FhirHttp:
    return FhirHttp(FhirCalls(session, stub.base, limits=LIMITS, sleep=stub.sleep))


async def fails(client: FhirHttp) -> HearthlineError:
    with pytest.raises(HearthlineError) as raised:
        await client.read(KEY)
    assert "ecret" not in str(raised.value)
    assert raised.value.__cause__ is None
    return raised.value


async def test_a_read_asks_for_fhir_json_at_the_place_of_the_resource(stub, client):
    stub.script = [says(200, PATIENT, ETag='W/"3"')]
    found = await client.read(KEY)
    assert (found.resource, found.version, found.deleted) == (PATIENT, "3", False)
    (request,) = stub.requests
    assert (request.method, request.path_qs) == ("GET", "/fhir/Patient/secret-1")
    assert request.headers["Accept"] == "application/fhir+json"
    assert "Authorization" not in request.headers


async def test_the_version_of_a_resource_without_meta_is_its_etag(stub, client):
    stub.script = [says(200, {"resourceType": "Patient", "id": "secret-1"}, ETag='W/"9"')]
    assert (await client.read(KEY)).version == "9"


@pytest.mark.parametrize(("status", "deleted"), [(404, False), (410, True)])
async def test_what_is_gone_is_no_failure(stub, client, status, deleted):
    stub.script = [says(status, ETag='W/"4"')]
    found = await client.read(KEY)
    assert (found.resource, found.version, found.deleted) == (None, "4", deleted)


@pytest.mark.parametrize(
    ("status", "failure", "said"),
    [
        (400, Rejected, "refused"),
        (422, Rejected, "refused"),
        (406, Rejected, "refused"),
        (405, Rejected, "support"),
        (501, Rejected, "support"),
        (401, Unavailable, "HEARTHLINE_FHIR_AUTH"),
        (403, Unavailable, "HEARTHLINE_FHIR_AUTH"),
        (302, Unavailable, "HEARTHLINE_FHIR_URL"),
        (409, Conflict, "version"),
        (412, Conflict, "version"),
        (408, Unavailable, "408"),
        (500, Unavailable, "500"),
        (502, Unavailable, "502"),
        (503, Unavailable, "503"),
    ],
)
async def test_each_status_is_its_own_failure_and_is_not_repeated(stub, client, status, failure, said):
    stub.script = [says(status, Location="http://elsewhere.example/secret")]
    raised = await fails(client)
    assert type(raised) is failure
    assert said in str(raised)
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry_After": "2"}, 2.0),
        ({"Retry_After": "Wed, 21 Oct 2026 07:28:03 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 3.0),
        ({"Retry_After": "Wed, 21 Oct 2020 07:28:00 GMT"}, 0.0),
        ({"x_ms_retry_after_ms": "250"}, 0.25),
        ({"Retry_After": "soon"}, 0.5),
        ({}, 0.5),
    ],
)
async def test_throttled_it_waits_as_long_as_it_is_asked_to(stub, client, headers, pause):
    stub.script = [says(429, **headers), says(200, PATIENT)]
    assert (await client.read(KEY)).resource == PATIENT
    assert stub.paused == [pause]


async def test_throttled_for_ever_it_gives_up_and_says_when_to_come_again(stub, client):
    stub.script = [says(429, Retry_After="1")]
    raised = await fails(client)
    assert isinstance(raised, Unavailable)
    assert raised.retry_after == 1.0
    assert stub.paused == [1.0] * (LIMITS.tries - 1)
    assert len(stub.requests) == LIMITS.tries


@pytest.mark.parametrize("status", [429, 503])
async def test_asked_to_wait_too_long_it_lets_the_queue_wait(stub, client, status):
    stub.script = [says(status, Retry_After="3600")]
    raised = await fails(client)
    assert isinstance(raised, Unavailable)
    assert raised.retry_after == 3600.0
    assert stub.paused == []


async def test_a_maintenance_that_names_its_end_is_waited_for(stub, client):
    stub.script = [says(503, Retry_After="1"), says(200, PATIENT)]
    assert (await client.read(KEY)).resource == PATIENT


async def test_a_server_that_hangs_is_unavailable(stub, client):
    stub.script = ["hang"]
    assert "in time" in str(await fails(client))


async def test_a_connection_that_breaks_is_unavailable(stub, client):
    stub.script = ["cut"]
    assert "ServerDisconnectedError" in str(await fails(client))


async def test_no_server_at_all_is_unavailable(session):
    client = FhirHttp(FhirCalls(session, "http://127.0.0.1:1/fhir", limits=LIMITS))
    assert "ClientConnectorError" in str(await fails(client))


async def test_a_body_cut_short_is_unavailable(stub, client):
    stub.script = [web.Response(body=orjson.dumps(PATIENT)[:-9], content_type="application/fhir+json")]
    assert isinstance(await fails(client), Unavailable)


@pytest.mark.parametrize("status", [200, 404, 410, 500])
async def test_a_web_page_is_the_wrong_address_and_no_deletion(stub, client, status):
    stub.script = [web.Response(status=status, text="<html>Secret</html>", content_type="text/html")]
    raised = await fails(client)
    assert isinstance(raised, Unavailable)
    assert "HEARTHLINE_FHIR_URL" in str(raised)


@pytest.mark.parametrize(
    "body", [[PATIENT], None, "text", {**PATIENT, "id": "other"}, {**PATIENT, "resourceType": "Claim"}]
)
async def test_another_resource_than_asked_for_is_rejected(stub, client, body):
    stub.script = [says(200, body)]
    raised = await fails(client)
    assert isinstance(raised, Rejected)
    assert raised.code == "not-the-one"


@pytest.mark.parametrize("packed", [False, True])
async def test_a_body_too_large_is_rejected_packed_or_not(stub, client, packed):
    body = orjson.dumps({**PATIENT, "text": "x" * 100_000})
    headers = {"Content-Encoding": "gzip"} if packed else {}
    sent = gzip.compress(body) if packed else body
    stub.script = [web.Response(body=sent, headers=headers, content_type="application/fhir+json")]
    raised = await fails(client)
    assert isinstance(raised, Rejected)
    assert raised.code == "too-large"


async def test_no_more_calls_at_once_than_allowed(stub, client):
    stub.script = [says(200, PATIENT)]
    await asyncio.gather(*(client.read(KEY) for _ in range(20)))
    assert len(stub.requests) == 20
    assert stub.busiest <= LIMITS.concurrency


class TestSearch:
    """Pages are followed, on the same server only."""

    def page(self, *ids: str, then: str = "") -> web.Response:
        entries = [{"resource": {"resourceType": "Patient", "id": each}} for each in ids]
        aside = {"resource": OUTCOME, "search": {"mode": "outcome"}}
        links = [{"relation": "self", "url": "x"}, *([{"relation": "next", "url": then}] if then else [])]
        return says(200, {"resourceType": "Bundle", "entry": [*entries, aside, "rubbish"], "link": links})

    async def ids(self, client: FhirHttp) -> list[object]:
        return [
            found["id"]
            async for found in client.search("Patient", {"_lastUpdated": "ge2026-01-01T00:00:00+01:00"})
        ]

    async def test_all_pages(self, stub, client):
        stub.script = [
            self.page("a", "b", then=f"{stub.base}/Patient?page=2&token=%2B"),
            self.page("c", then="?page=3"),
            self.page("d"),
        ]
        assert await self.ids(client) == ["a", "b", "c", "d"]
        asked = [request.path_qs for request in stub.requests]
        assert stub.requests[0].query["_lastUpdated"] == "ge2026-01-01T00:00:00+01:00"
        assert asked[1:] == ["/fhir/Patient?page=2&token=%2B", "/fhir/Patient?page=3"]

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "http://evil.example/fhir/Patient?page=2",
            "//evil.example/fhir",
            "/other/Patient",
            "http://[",
            "file:///etc",
        ],
    )
    async def test_a_page_elsewhere_is_not_followed(self, stub, client, elsewhere):
        stub.script = [self.page("a", then=elsewhere)]
        with pytest.raises(Unavailable) as raised:
            await self.ids(client)
        assert "base URL" in str(raised.value)
        assert len(stub.requests) == 1

    async def test_a_page_that_follows_itself_is_not_followed(self, stub, client):
        stub.script = [self.page("a", then=f"{stub.base}/Patient?page=2")]
        with pytest.raises(Unavailable):
            await self.ids(client)
        assert len(stub.requests) == 2

    async def test_what_is_no_bundle_is_unavailable(self, stub, client):
        stub.script = [says(200, PATIENT)]
        with pytest.raises(Unavailable):
            await self.ids(client)


class TestDeletions:
    """A type's history, newest first, read no further than was asked for."""

    SINCE = parse_instant("2026-03-02T09:00:00Z")

    def page(self, *entries: tuple[str, str, str], then: str = "") -> web.Response:
        told = [
            {"request": {"method": m, "url": url}, "response": {"lastModified": at, "etag": 'W/"3"'}}
            for m, url, at in entries
        ]
        links = [{"relation": "next", "url": then}] if then else []
        return says(200, {"resourceType": "Bundle", "type": "history", "entry": told, "link": links})

    async def found(self, client: FhirHttp) -> list[Deletion]:
        return [each async for each in client.deletions("Patient", self.SINCE)]

    async def test_ends_where_a_server_forgets_since_when(self, stub, client):
        stub.script = [
            self.page(
                ("PUT", "Patient/a", "2026-03-02T10:02:00Z"),
                ("DELETE", "Patient/b", "2026-03-02T10:01:00Z"),
                then="?page=2",
            ),
            self.page(
                ("DELETE", f"{stub.base}/Patient/c", "2026-03-02T09:30:00Z"),
                ("DELETE", "Patient/d", "2026-03-02T08:59:59Z"),
                then="?page=3",
            ),
        ]
        found = await self.found(client)
        assert [(str(each.key), each.version) for each in found] == [("Patient/b", "3"), ("Patient/c", "3")]
        assert stub.requests[0].query["_since"] == "2026-03-02T09:00:00.000Z"
        assert len(stub.requests) == 2

    async def test_what_cannot_be_read_is_passed_over(self, stub, client):
        wrong = ("DELETE", "../../x", "2026-03-02T10:01:00Z"), ("DELETE", "Group/1", "2026-03-02T10:01:00Z")
        stub.script = [self.page(*wrong, ("DELETE", "Patient/b", "2026-03-02T10:00:00Z"))]
        assert [str(each.key) for each in await self.found(client)] == ["Patient/b"]

    @pytest.mark.parametrize("status", [400, 404, 405, 410, 501])
    async def test_a_server_without_such_a_history(self, stub, client, status):
        stub.script = [says(status)]
        with pytest.raises(Rejected) as raised:
            await self.found(client)
        assert raised.value.code == "no-history"


class TestEvents:
    """The $events operation of the Subscriptions Backport."""

    async def test_asks_for_the_events_between(self, stub, client):
        bundle = {"resourceType": "Bundle", "type": "history", "entry": []}
        stub.script = [says(200, bundle)]
        assert await client.events("Subscription/s-1", 3, 7) == (bundle,)
        (request,) = stub.requests
        assert request.path == "/fhir/Subscription/s-1/$events"
        assert dict(request.query) == {
            "eventsSinceNumber": "3",
            "eventsUntilNumber": "7",
            "content": "id-only",
        }

    @pytest.mark.parametrize("status", [400, 404, 405, 410, 422, 501])
    async def test_a_server_without_the_operation(self, stub, client, status):
        stub.script = [says(status)]
        with pytest.raises(Rejected) as rejected:
            await client.events("s-1", 1, 2)
        assert rejected.value.code == "events-unsupported"

    async def test_a_server_that_cannot_now(self, stub, client):
        stub.script = [says(500)]
        with pytest.raises(Unavailable):
            await client.events("s-1", 1, 2)

    async def test_a_subscription_that_is_no_id(self, stub, client):
        with pytest.raises(Rejected):
            await client.events("../Patient/1", 1, 2)
        assert stub.requests == []


class TestUpdate:
    """Writing back."""

    async def test_over_a_version(self, stub, client):
        stub.script = [says(200, None, ETag='W/"4"')]
        assert await client.update(PATIENT, if_match="3") == "4"
        (request,) = stub.requests
        assert (request.method, request.path_qs) == ("PUT", "/fhir/Patient/secret-1")
        assert request.headers["If-Match"] == 'W/"3"'
        assert request.headers["Content-Type"] == "application/fhir+json"
        assert orjson.loads(stub.bodies[0]) == PATIENT

    async def test_over_another_version(self, stub, client):
        stub.script = [says(412)]
        with pytest.raises(Conflict):
            await client.update(PATIENT, if_match="2")

    async def test_is_repeated_once_at_most_when_the_connection_breaks(self, stub, client):
        stub.script = ["cut"]
        with pytest.raises(Unavailable):
            await client.update(PATIENT)
        assert len(stub.requests) <= 2  # aiohttp sends an idempotent request once more
        assert set(stub.bodies) == {orjson.dumps(PATIENT)}

    async def test_is_repeated_when_it_was_not_taken(self, stub, client):
        stub.script = [says(429, Retry_After="1"), says(201, {**PATIENT, "meta": {"versionId": "1"}})]
        assert await client.update(PATIENT) == "1"
        assert stub.bodies[0] == stub.bodies[1]


class Credential:
    """An Entra identity that counts how often it is asked."""

    def __init__(self, *lives: float) -> None:
        self.lives = list(lives)
        self.asked: list[str] = []

    async def get_token(self, *scopes: str) -> AccessToken:
        self.asked += scopes
        await asyncio.sleep(0)
        if not self.lives:
            raise ClientAuthenticationError("tenant secret")
        return AccessToken(f"token-{len(self.asked)}", int(self.lives.pop(0)))


class TestCredentials:
    """Who calls."""

    async def test_a_fixed_token(self, stub, session):
        stub.script = [says(200, PATIENT)]
        await FhirHttp(FhirCalls(session, stub.base, fixed_token("abc"))).read(KEY)
        assert stub.requests[0].headers["Authorization"] == "Bearer abc"

    async def test_an_identity_is_asked_once_by_many_calls(self, stub, session):
        stub.script = [says(200, PATIENT)]
        credential = Credential(4e9)
        client = FhirHttp(FhirCalls(session, stub.base, entra_tokens(credential, SCOPE)))
        await asyncio.gather(*(client.read(KEY) for _ in range(5)))
        assert credential.asked == [SCOPE]
        assert {request.headers["Authorization"] for request in stub.requests} == {"Bearer token-1"}

    async def test_a_token_near_its_end_is_renewed(self, stub, session):
        stub.script = [says(200, PATIENT)]
        client = FhirHttp(FhirCalls(session, stub.base, entra_tokens(Credential(0, 4e9), SCOPE)))
        await client.read(KEY)
        await client.read(KEY)
        assert stub.requests[1].headers["Authorization"] == "Bearer token-2"

    async def test_no_token_is_unavailable(self, stub, session):
        client = FhirHttp(FhirCalls(session, stub.base, entra_tokens(Credential(), SCOPE)))
        assert "ClientAuthenticationError" in str(await fails(client))
        assert stub.requests == []
