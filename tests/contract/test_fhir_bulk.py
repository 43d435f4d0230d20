"""The export client against a server that answers as told: who sees a token, what is waited for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from shared.adapters.fhir_calls import FhirCalls, FhirLimits
from shared.adapters.fhir_http import FhirHttp
from shared.adapters.identity import fixed_token
from shared.errors import Rejected, Unavailable
from shared.fhir.instants import parse_instant
from shared.ports import Export, ExportFile, ExportPending

MANIFEST = {
    "transactionTime": "2026-03-01T00:00:00Z",
    "request": "…",
    "requiresAccessToken": True,
    "output": [{"type": "Patient", "url": "/fhir/files/1", "count": 2}, {"type": "Patient"}, 7],
    "deleted": [{"type": "Bundle", "url": "/fhir/files/2"}],
    "error": [{"type": "OperationOutcome", "url": "/fhir/files/3", "count": -1}],
}


@dataclass
class Stub:
    """A server with one answer to everything, that keeps what it was asked."""

    answer: web.Response = field(default_factory=web.Response)
    requests: list[web.Request] = field(default_factory=list)
    base: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        told = self.answer
        return web.Response(status=told.status, body=told.body, headers=told.headers)

    def says(self, status: int, body: object = None, **headers: str) -> None:
        text = body if isinstance(body, bytes) else orjson.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = web.Response(status=status, body=text, headers=named)


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    served = Stub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.handle)
    async with TestServer(app) as server:
        served.base = str(server.make_url("/fhir"))
        yield served


@pytest.fixture
async def client(stub: Stub) -> AsyncIterator[FhirHttp]:
    async with aiohttp.ClientSession() as session:
        calls = FhirCalls(session, stub.base, fixed_token("secret"), FhirLimits(total=0.3))
        yield FhirHttp(calls, fixed_token("storage"))


async def test_a_kick_off_says_what_is_wanted_and_how(stub, client):
    stub.says(202, b"", Content_Location="/fhir/status/1")
    since = parse_instant("2026-02-01T00:00:00Z")
    place = await client.start_export({"Patient", "Observation"}, "g1", since, "files")
    assert place == stub.base.replace("/fhir", "/fhir/status/1")
    (request,) = stub.requests
    assert request.path == "/fhir/Group/g1/$export"
    assert dict(request.query) == {
        "_type": "Observation,Patient",
        "_since": "2026-02-01T00:00:00.000Z",
        "_container": "files",
    }
    assert request.headers["Prefer"] == "respond-async"
    assert request.headers["Accept"] == "application/fhir+json"
    assert request.headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("status", [400, 404, 405, 501])
async def test_a_server_without_exports_says_so(stub, client, status):
    stub.says(status)
    with pytest.raises(Rejected) as rejected:
        await client.start_export({"Patient"})
    assert rejected.value.code == "no-export"


@pytest.mark.parametrize(
    ("status", "place"), [(202, None), (200, "/fhir/status"), (202, "https://else.example/s")]
)
async def test_a_kick_off_that_leads_nowhere_or_elsewhere(stub, client, status, place):
    stub.says(status, b"{}", **({"Content_Location": place} if place else {}))
    with pytest.raises(Unavailable):
        await client.start_export({"Patient"})


async def test_a_group_that_is_no_id_is_never_asked_for(stub, client):
    with pytest.raises(Rejected):
        await client.start_export({"Patient"}, "../x")
    assert stub.requests == []


async def test_an_export_that_goes_on_says_how_far_and_when_to_ask_again(stub, client):
    stub.says(202, b"half of it", X_Progress="50 %", Retry_After="120")
    assert await client.export_status(f"{stub.base}/status") == ExportPending("50 %", 120.0)


async def test_a_manifest_is_read_and_what_is_no_file_left_out(stub, client):
    stub.says(200, MANIFEST)
    place = f"{stub.base}/status"
    assert await client.export_status(place) == Export(
        place,
        parse_instant("2026-03-01T00:00:00Z"),
        (
            ExportFile("output", "/fhir/files/1", "Patient", 2),
            ExportFile("deleted", "/fhir/files/2", "Bundle"),
            ExportFile("error", "/fhir/files/3", "OperationOutcome"),
        ),
        True,
    )


@pytest.mark.parametrize(
    "body", [[], {}, {**MANIFEST, "transactionTime": "soon"}, {**MANIFEST, "output": {}}]
)
async def test_what_is_no_manifest(stub, client, body):
    stub.says(200, body)
    with pytest.raises(Unavailable):
        await client.export_status(f"{stub.base}/status")


async def test_an_export_that_failed_and_one_that_is_forgotten(stub, client):
    stub.says(500, {"resourceType": "OperationOutcome"})
    with pytest.raises(Unavailable):
        await client.export_status(f"{stub.base}/status")
    stub.says(404)
    with pytest.raises(Rejected):
        await client.export_status(f"{stub.base}/status")


async def lines(client: FhirHttp, url: str, *, token: bool = True) -> list[bytes]:
    export = Export("", parse_instant("2026-03-01"), (), token)
    return [line async for line in client.export_lines(export, ExportFile("output", url))]


async def test_lines_come_whole_however_they_are_cut(stub, client):
    long = b"x" * 300_000
    stub.says(200, b"\n".join([b"one", long, b"", b"last"]))
    assert await lines(client, f"{stub.base}/file") == [b"one", long, b"", b"last"]


async def test_a_token_is_shown_where_the_manifest_asks_for_it_and_else_not(stub, client):
    stub.says(200, b"{}\n")
    await lines(client, "/fhir/file", token=True)
    await lines(client, "/fhir/file", token=False)
    assert [r.headers.get("Authorization") for r in stub.requests] == ["Bearer secret", None]
    assert stub.requests[0].headers["Accept"] == "application/fhir+ndjson"


@pytest.mark.parametrize(
    ("url", "token", "shown"),
    [
        ("http://other.example/f", True, None),
        ("https://other.example/f", True, "Bearer secret"),
        ("https://other.example/f", False, None),
        ("https://a.blob.core.windows.net/c/f", False, "Bearer storage"),
        ("https://a.blob.core.windows.net/c/f?sig=x", False, None),
        ("http://a.blob.core.windows.net/c/f", False, None),
    ],
)
async def test_which_server_sees_which_token(client, url, token, shown):
    """Another server sees ours only over TLS and where asked for; Azure's storage sees storage's."""
    export = Export("", parse_instant("2026-03-01"), (), token)
    assert (await client._proof(export, URL(url))).get("Authorization") == shown


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_file_that_cannot_be_had_says_where_it_may_lie(stub, client, status):
    stub.says(status)
    with pytest.raises(Rejected, match="storage container") as rejected:
        await lines(client, "/fhir/file")
    assert rejected.value.code == "no-such-file"


async def test_a_file_that_is_busy_or_elsewhere_is_tried_again_by_the_caller(stub, client):
    for status in (302, 429, 503):
        stub.says(status)
        with pytest.raises(Unavailable):
            await lines(client, "/fhir/file")


@pytest.mark.parametrize("status", [202, 204, 404, 403])
async def test_an_end_that_the_server_does_not_mind(stub, client, status):
    stub.says(status, b"")
    await client.end_export(f"{stub.base}/status")
    assert [request.method for request in stub.requests] == ["DELETE"]
