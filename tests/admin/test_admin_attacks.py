"""Ways around the guard that somebody who reads the code would try; each leads nowhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import azure.functions as func
import httpx
import pytest
from msgspec.structs import replace

from functions.admin.bridge import through
from functions.admin.routes import PREFIX
from shared.access.roles import Role
from shared.ports.trail import AuditEntry
from shared.usecases.controls import switch_sending
from shared.usecases.jobs import Operate
from shared.usecases.operations.kinds import does
from shared.usecases.operations.running import carry_on
from shared.usecases.operations.written import load_work, save_work
from shared.usecases.shelf import load_shelf, save_shelf
from shared.usecases.sources.stored import load_source, save_source
from shared.usecases.take_in import take_in_everyone
from tests.admin.admin_kit import Desk, code_of
from tests.unit.memory_kit import person, server


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("path", ["/me/", "/segments/", "/segments%2f", "/docs/", "/openapi.json/", "//me"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
async def test_nobody_is_led_to_where_the_header_host_says(desk: Desk, method: str, path: str) -> None:
    answer = await desk.call(method, path, headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers.get("location")) == (404, None)


async def test_a_method_in_a_header_is_none(desk: Desk) -> None:
    told = {"X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE", "X-Method-Override": "DELETE"}
    assert (await desk.call("GET", "/me", headers=told)).json()["subject"] == "somebody"


@pytest.mark.parametrize("host", ["x:99999", "x:port", "[", "[::1", "x#", "x?", "x/y?a=", "a@b:1", ""])
async def test_an_odd_host_changes_neither_the_address_nor_what_is_refused(desk: Desk, host: str) -> None:
    headers = {"authorization": "Test ann Marketer", "host": host}
    mine = await through(
        desk.app, func.HttpRequest("GET", f"http://{host}{PREFIX}/me", headers=headers, body=b"")
    )
    assert mine.status_code in (200, 404)
    odd = f"{PREFIX}/segments?text=%00"
    refused = await through(desk.app, func.HttpRequest("GET", odd, headers=headers, body=b""))
    assert (refused.status_code, b"not-text" in refused.get_body()) == (400, True)


async def test_what_is_asked_under_a_key_is_known_by_its_address_whatever_the_host(desk: Desk) -> None:
    body: dict[str, Any] = {"kind": "segment", "content": {"url": "urn:a"}}
    first = await _sent(desk, "/drafts", "x?", body)
    assert first.status_code == 201
    again = await _sent(desk, "/drafts", "y", body)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    other = await _sent(desk, "/drafts?a=b", "x?", body)
    assert (other.status_code, code_of(other)) == (422, "idempotency-key-reused")


async def _sent(desk: Desk, path: str, host: str, body: dict[str, Any]) -> httpx.Response:
    return await desk.call("POST", path, Role.MARKETER, body, key="one-and-the-same", headers={"Host": host})


class Meanwhile:
    """A trail in whose first entry of a change somebody else comes in between: after the check of an ETag."""

    def __init__(self, desk: Desk, does: Callable[[], Awaitable[object]]) -> None:
        self._appends, self._does, self._done = desk.trail.append, does, False

    async def append(self, entry: AuditEntry) -> None:
        """Note it; somebody else acts."""
        await self._appends(entry)
        if entry.outcome == "begun" and not self._done:
            self._done = True
            await self._does()


def between(desk: Desk, monkeypatch: pytest.MonkeyPatch, does: Callable[[], Awaitable[object]]) -> None:
    """Have somebody act between the check of the next change and its write."""
    monkeypatch.setattr(desk.trail, "append", Meanwhile(desk, does).append)


async def test_a_source_that_was_changed_meanwhile_is_not_removed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents, sync = desk.services.documents, Role.FHIR_SYNC_ADMIN
    body = {"name": "bus", "formats": ["event-grid"], "proofs": [{"kind": "function-key"}]}
    made = await desk.call("POST", "/sources", sync, body)
    assert made.status_code == 201, made.text

    async def changed() -> None:
        stored, etag = await load_source(documents, "bus")
        await save_source(documents, stored, etag)

    between(desk, monkeypatch, changed)
    etag = made.headers["etag"].strip('"')
    refused = await desk.call("DELETE", "/sources/bus", sync, match=etag)
    assert refused.status_code == 409
    assert (await load_source(documents, "bus"))[0].name == "bus"


async def test_what_was_switched_off_meanwhile_stays_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody lets sending go on who read the switches before somebody else stopped a journey too."""
    services, lead = desk.services, Role.SUPERVISOR
    await switch_sending(services, on=False, by="ben", reason="wrong numbers")
    etag = (await desk.call("GET", "/switches", lead)).headers["etag"].strip('"')

    async def stopped_anew() -> None:
        await switch_sending(services, on=True, by="cem", reason="all is well")
        await switch_sending(services, on=False, by="cem", reason="it is not")
        shelf, held = await load_shelf(services.documents)
        controls = replace(shelf.controls, paused=frozenset({"urn:flu"}))
        await save_shelf(services.documents, replace(shelf, controls=controls), held)

    between(desk, monkeypatch, stopped_anew)
    body = {"sending": True, "reason": "it is mended"}
    refused = await desk.call("PUT", "/switches/sending", lead, body, match=etag)
    assert (refused.status_code, code_of(refused)) == (412, "changed")
    assert not (await load_shelf(services.documents))[0].controls.sending


async def _previewed(desk: Desk, criteria: dict[str, Any]) -> dict[str, Any]:
    content = {"url": "urn:one", "version": "1", "title": "One", "criteria": criteria}
    started = await desk.call("POST", "/segments/preview", Role.MARKETER, {"content": content})
    work = started.json()["operation"]
    await carry_on(desk.services, Operate(work), does)
    result: dict[str, Any] = (await desk.call("GET", f"/operations/{work}", Role.MARKETER)).json()["result"]
    return result


async def test_a_preview_does_not_tell_whether_there_is_somebody_or_nobody(desk: Desk) -> None:
    """Whoever knows a birthday asks for it together with a diagnosis: none, or few, would be the answer."""
    for number in range(31):
        await server(desk.services).update(person(f"p{number}", gender="male" if number else "female"))
    await take_in_everyone(desk.services)
    somebody = await _previewed(desk, {"gender": "female"})
    nobody = await _previewed(desk, {"gender": "other"})
    for told in (somebody, nobody):
        assert told["members"] is None
        told.pop("as_of")
    assert somebody == nobody
    assert (await _previewed(desk, {"gender": "male"}))["members"] == 30


async def test_what_came_of_work_is_for_whoever_asked_for_it(desk: Desk) -> None:
    """An Administrator sees no people: neither by the key that another was told, nor in exact figures."""
    started = await desk.call("POST", "/messages/find", Role.AGENT, {"message": "m1"}, by="ann")
    path = f"/operations/{started.json()['operation']}"
    work, etag = await load_work(desk.services.documents, started.json()["operation"])
    told = replace(work, status="succeeded", ended=work.asked, result={"patient": "0a" * 16})
    await save_work(desk.services.documents, told, etag)
    assert (await desk.call("GET", path, Role.AGENT, by="ann")).json()["result"] == told.result
    for answer in (await desk.call("GET", path), await desk.call("POST", f"{path}/cancel")):
        assert (answer.json()["status"], answer.json()["result"]) == ("succeeded", {})
    assert (await desk.call("GET", path, Role.AGENT, by="ben")).status_code == 404
