"""The running system by the admin API: settings in force, health, reconciliation, and the kill switch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import import_module
from inspect import isclass

import pytest
from msgspec.structs import replace
from pydantic import BaseModel

from shared.access.roles import Role
from shared.fhir.instants import MINUTE, iso
from shared.journey.controls import Controls
from shared.queues import CHANGES, POPULATIONS
from shared.usecases.operations.running import start
from shared.usecases.operations.written import STILL, load_work, save_work
from shared.usecases.shelf import load_shelf
from shared.usecases.watch import note_reconciled
from tests.admin.admin_kit import Desk, code_of
from tests.admin.running_kit import Place, deployed, result
from tests.unit.memory_kit import person, segments, server

SYNC = Role.FHIR_SYNC_ADMIN


@pytest.fixture
def place(desk: Desk) -> Place:
    """Give the desk's services a deployment."""
    return deployed(desk)


class TestSettings:
    """What it was started with."""

    async def test_they_are_told_without_secrets(self, desk: Desk, place: Place) -> None:
        answer = await desk.call("GET", "/settings", SYNC)
        found = {each["name"]: each for each in answer.json()["items"]}
        assert found["HEARTHLINE_FHIR_URL"]["value"] == "https://fhir.example"
        assert found["HEARTHLINE_LINK_SECRETS"] == {
            "name": "HEARTHLINE_LINK_SECRETS",
            "value": None,
            "secret": True,
            "set": True,
            "given": True,
            "count": 1,
        }
        assert "nobody-may-ever-see" not in answer.text


class TestHealth:
    """Each thing by its name."""

    async def _checks(self, desk: Desk) -> dict[str, tuple[bool, str]]:
        answer = await desk.call("GET", "/health", Role.AUDITOR)
        assert answer.status_code == 200
        told = {each["name"]: (each["well"], each["told"]) for each in answer.json()["checks"]}
        assert (answer.json()["status"] == "well") == all(well for well, _ in told.values())
        return told

    async def test_all_is_well(self, desk: Desk, place: Place) -> None:
        await note_reconciled(desk.services)
        desk.clock.passes(3 * MINUTE)
        checks = await self._checks(desk)
        assert all(well for well, _ in checks.values())
        assert checks["reconciliation"] == (True, "the last ended 3 minutes ago")

    async def test_each_that_is_not_is_told(self, desk: Desk, place: Place) -> None:
        await note_reconciled(desk.services)
        desk.clock.passes(20 * MINUTE)
        place.queues.poison = 2
        place.senders.append("+15555550100 is none of ours")
        work = await start(desk.services, "count", "ann", {}, "x")
        held, etag = await load_work(desk.services.documents, work.operation)
        await save_work(desk.services.documents, replace(held, told=time.time() - STILL - 1), etag)
        checks = await self._checks(desk)
        wrong = {name: told for name, (well, told) in checks.items() if not well}
        assert set(wrong) == {"queues", "senders", "reconciliation", "operations"}
        assert work.operation in wrong["operations"]
        assert "changes: 2 messages were given up" in wrong["queues"]


class TestReconciliation:
    """Searched now, as long work."""

    async def test_what_nobody_told_of_is_queued_and_counted(self, desk: Desk) -> None:
        await server(desk.services).update(person("p1"))
        started = await desk.call("POST", "/reconciliations", SYNC, {})
        ended = await result(desk, started)
        assert ended["result"] == {"queued": {"Patient": 1}, "changes": 1, "deletions": 0}
        assert len(desk.services.queue.queues[CHANGES]) == 1  # type: ignore[attr-defined]

    async def test_some_types_since_an_instant(self, desk: Desk) -> None:
        await server(desk.services).update(person("p1"))
        body = {"since": iso(desk.clock.at), "types": ["Observation"]}
        ended = await result(desk, await desk.call("POST", "/reconciliations", SYNC, body))
        assert ended["result"]["changes"] == 0
        assert (ended["done"], ended["of"]) == (1, 1)

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"types": ["Binary"]}, "unkept-type"),
            ({"types": ["<script>"]}, "invalid"),
            ({"since": "yesterday"}, "bad-instant"),
            ({"since": "9999999999999-01-01"}, "bad-instant"),
        ],
    )
    async def test_what_cannot_be_searched_is_refused(self, desk: Desk, body: object, code: str) -> None:
        answer = await desk.call("POST", "/reconciliations", SYNC, body)
        assert (answer.status_code, code_of(answer)) == (422, code)

    async def test_the_same_request_again_starts_nothing(self, desk: Desk) -> None:
        one = await desk.call("POST", "/reconciliations", SYNC, {}, key="the-same-key")
        other = await desk.call("POST", "/reconciliations", SYNC, {}, key="the-same-key")
        assert one.json()["operation"] == other.json()["operation"]
        assert other.headers["Idempotency-Replayed"] == "true"


class TestSwitches:
    """The kill switch."""

    async def _switch(self, desk: Desk, on: bool, match: str = "", by: str = "sue") -> dict[str, object]:
        seen = await desk.call("GET", "/switches", Role.SUPERVISOR)
        match = match or seen.headers["ETag"].strip('"')
        body = {"sending": on, "reason": "wrong numbers in the template"}
        answer = await desk.call("PUT", "/switches/sending", Role.SUPERVISOR, body, match=match, by=by)
        assert answer.status_code == 200, answer.text
        told: dict[str, object] = answer.json()
        return told

    async def _controls(self, desk: Desk) -> Controls:
        return (await load_shelf(desk.services.documents))[0].controls

    async def test_off_it_wakes_nobody_and_on_everybody_is_looked_at(self, desk: Desk) -> None:
        await segments(desk.services)
        queues = desk.services.queue.queues  # type: ignore[attr-defined]
        off = await self._switch(desk, on=False)
        assert (off["sending"], off["changed"], off["population"]) == (False, True, "")
        assert not (await self._controls(desk)).sending
        assert not queues[POPULATIONS]
        on = await self._switch(desk, on=True)
        assert on["population"] == on["publication"] != ""
        assert queues[POPULATIONS]
        assert (await self._controls(desk)).sending

    async def test_what_is_so_already_is_not_changed(self, desk: Desk) -> None:
        assert (await self._switch(desk, on=True))["changed"] is False
        assert (await desk.call("GET", "/switches/history", Role.MARKETER)).json()["items"] == []

    async def test_who_and_why_is_shown_and_listed(self, desk: Desk) -> None:
        await self._switch(desk, on=False)
        await self._switch(desk, on=True, by="tom")
        now = (await desk.call("GET", "/switches", Role.MARKETER)).json()
        assert (now["sending"], now["latest"]["by"]) == (True, "tom")
        found, cursor = [], ""
        for _ in range(2):
            page = await desk.call(
                "GET", "/switches/history", Role.MARKETER, params={"limit": 1, "cursor": cursor}
            )
            found += [(each["action"], each["by"]) for each in page.json()["items"]]
            cursor = page.json()["next"]
        assert found == [("sending off", "sue"), ("sending on", "tom")]

    async def test_it_is_thrown_over_what_was_read(self, desk: Desk) -> None:
        etag = (await desk.call("GET", "/switches", Role.SUPERVISOR)).headers["ETag"].strip('"')
        await self._switch(desk, on=False, match=etag)
        body = {"sending": True, "reason": "mended"}
        stale = await desk.call("PUT", "/switches/sending", Role.SUPERVISOR, body, match=etag)
        assert (stale.status_code, code_of(stale)) == (412, "changed")
        assert not (await self._controls(desk)).sending

    async def test_the_trail_says_what_it_was_before_and_after(self, desk: Desk) -> None:
        await self._switch(desk, on=False)
        begun, done = desk.noted
        assert (begun.outcome, done.outcome, done.why) == ("begun", "done", "wrong numbers in the template")
        assert done.before != done.after != ""

    @pytest.mark.parametrize("role", [Role.MARKETER, Role.AGENT, Role.FHIR_SYNC_ADMIN, Role.AUDITOR])
    async def test_others_may_not(self, desk: Desk, role: Role) -> None:
        body = {"sending": False, "reason": "because"}
        assert (await desk.call("PUT", "/switches/sending", role, body, match="*")).status_code == 403


_MODULES = (
    "me",
    "long_work",
    "source_shapes",
    "source_secrets",
    "reconciliations",
    "rejections",
    "dead_letters",
    "poison",
    "settings",
    "health_state",
    "switches",
)


def _models() -> Iterator[type[BaseModel]]:
    for name in _MODULES:
        module = import_module(f"functions.admin.{name}")
        for each in vars(module).values():
            if isclass(each) and issubclass(each, BaseModel) and each.__module__ == module.__name__:
                yield each


@pytest.mark.parametrize("model", [each for each in _models() if not each.__name__.endswith("Rule")])
def test_every_model_has_an_example_that_is_one(model: type[BaseModel]) -> None:
    schema = model.model_json_schema()
    examples = schema.get("examples") or [
        {name: field["examples"][0] for name, field in schema["properties"].items()}
    ]
    for example in examples:
        assert set(model.model_validate(example).model_dump()) >= set(example)
