"""Hostile requests to every operation: each is refused in plain words, and nothing is stored of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from functions.admin.limits import DEEPEST, MOST_BYTES
from functions.admin.paging import cursor_of, place_of
from functions.admin.problems import Refusal
from functions.admin.routes import PREFIX
from shared.access.operation import Operation
from shared.access.roles import Role
from shared.access.table import OPERATIONS
from tests.admin.admin_kit import Desk, code_of
from tests.admin.fuzz_kit import Fuzz, fit, fuzz

WITH_BODY = [row for row in OPERATIONS.values() if row.method in {"POST", "PUT", "PATCH"}]
LISTS = [row for row in OPERATIONS.values() if row.method == "GET" and row.name.startswith("list")]
WHOLE = {"listPatientEnrolments", "listPoisonOf"}
"""Lists that are short, and always told whole."""

INJECTIONS = (
    "' or PartitionKey ne '",
    "x' or '1' eq '1",
    "'; drop table members; --",
    "../../etc/passwd",
    "..%2f..%2fadmin%2fhost",
    "%00",
    "a\r\nX-Injected: yes",
    "*)(uid=*",
    "=cmd|' /C calc'!A0",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
)


@pytest.fixture(scope="module")
def api() -> Iterator[Fuzz]:
    made = fuzz()
    yield made
    made.runner.close()


def send(api: Fuzz, row: Operation, content: bytes, kind: str = "application/json") -> httpx.Response:
    """Send a body as it is, by somebody who may call the operation."""
    role = fit(row)
    headers = {
        "Authorization": f"Test hostile {role}",
        "Content-Type": kind,
        "Idempotency-Key": f"hostile-{row.name}-{len(content)}",
        "If-Match": '"none"',
    }

    async def sent() -> httpx.Response:
        transport = httpx.ASGITransport(app=api.desk.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hearthline.test") as client:
            return await client.request(row.method, filled(api, row), content=content, headers=headers)

    return api.runner.run(sent())


def filled(api: Fuzz, row: Operation, other: str = "0" * 32) -> str:
    """Return the operation's address with ids of what there is."""
    parts = row.path.split("/")
    named = [api.world.known.get(part.strip("{}"), other) if part.startswith("{") else part for part in parts]
    return PREFIX + "/".join(named)


@pytest.mark.parametrize("row", WITH_BODY, ids=lambda row: row.name)
class TestBodies:
    """Bodies that no client of ours sends."""

    def test_too_deep(self, api: Fuzz, row: Operation) -> None:
        answer = send(api, row, b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1))
        assert (answer.status_code, code_of(answer)) == (400, "too-deep")

    def test_deep_beyond_any_parser(self, api: Fuzz, row: Operation) -> None:
        answer = send(api, row, b"[" * 500_000)
        assert (answer.status_code, code_of(answer)) == (400, "too-deep")

    def test_too_large(self, api: Fuzz, row: Operation) -> None:
        answer = send(api, row, json.dumps({"a": "x" * MOST_BYTES}).encode())
        assert (answer.status_code, code_of(answer)) == (413, "too-large")

    @pytest.mark.parametrize(
        "body",
        [
            b"\xff\xfe{}",
            b'{"reason": "\\ud800"}',
            b'{"reason": "\\u0000"}',
            b'{"reason": 1e999}',
            b'{"reason": ' + b"9" * 5000 + b"}",
            b"[]",
            b'"text"',
            b"null",
            b'{"a": 1, "a": 2}',
            b"{not json",
        ],
        ids=["bytes", "surrogate", "nul", "infinite", "huge", "list", "text", "null", "twice", "rubbish"],
    )
    def test_rubbish(self, api: Fuzz, row: Operation, body: bytes) -> None:
        """Nothing of it is a bug, and nothing of it is said back."""
        answer = send(api, row, body)
        assert answer.status_code < 500
        if answer.status_code >= 400:
            assert code_of(answer)


@pytest.mark.parametrize("row", OPERATIONS.values(), ids=lambda row: row.name)
def test_ids_that_are_none_lead_nowhere(api: Fuzz, row: Operation) -> None:
    """Quotes, dots, escapes in an address are neither a query of storage nor a path."""
    if "{" not in row.path:
        return
    role = fit(row)
    for text in INJECTIONS:
        path = row.path
        for part in row.path.split("/"):
            if part.startswith("{"):
                path = path.replace(part, quote(text, safe=""))
        answer = api.runner.run(api.desk.call(row.method, path, role, {}, match="none"))
        assert answer.status_code < 500
        assert "PartitionKey" not in answer.text
        assert answer.status_code >= 400 or not answer.json().get("items")


@pytest.mark.parametrize("row", LISTS, ids=lambda row: row.name)
def test_cursors_that_nobody_gave_are_refused(api: Fuzz, row: Operation) -> None:
    path = filled(api, row).removeprefix(PREFIX)
    taken = {each["name"] for each in api.operations[row.name].definition.raw.get("parameters", ())}
    assert ("cursor" in taken) == (row.name not in WHOLE)
    for text in INJECTIONS if "cursor" in taken else ():
        answer = api.runner.run(api.desk.call("GET", path, fit(row), params={"cursor": text}))
        assert answer.status_code in {400, 404}


def test_a_cursor_belongs_to_its_filters() -> None:
    cursor = cursor_of("place", "status=active")
    assert place_of(cursor, "status=active") == "place"
    with pytest.raises(Refusal):
        place_of(cursor, "status=ended")


async def test_a_key_is_good_for_one_request(desk: Desk) -> None:
    """The same again gets the first answer, another one is refused; another caller's key is their own."""
    body = {"on": False, "reason": "a fire drill"}
    first = await desk.call("POST", "/reconciliations", Role.FHIR_SYNC_ADMIN, {}, by="ann", key="key-12345")
    again = await desk.call("POST", "/reconciliations", Role.FHIR_SYNC_ADMIN, {}, by="ann", key="key-12345")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await desk.call("POST", "/reconciliations", Role.FHIR_SYNC_ADMIN, body, by="ann", key="key-12345")
    assert (other.status_code, code_of(other)) == (422, "idempotency-key-reused")
    theirs = await desk.call("POST", "/reconciliations", Role.FHIR_SYNC_ADMIN, {}, by="bob", key="key-12345")
    assert "Idempotency-Replayed" not in theirs.headers
