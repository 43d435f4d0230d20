"""The table of operations: it is what the code does, for every operation and every role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.admin.routes import PREFIX
from shared.access.operation import Operation
from shared.access.roles import EVERYBODY, Role
from shared.access.table import OPERATIONS, methods_at
from tests.admin.admin_kit import Desk, code_of
from tests.admin.fuzz_kit import Fuzz, fuzz

ROWS = list(OPERATIONS.values())
HARMLESS = {"checkDefinitions", "checkDraft", "previewTemplate", "lintTemplate"}
"""What is sent by POST as it is long, and neither changes nor starts anything."""


@pytest.fixture(scope="module")
def api() -> Iterator[Fuzz]:
    """Give the API over a small world in memory."""
    made = fuzz()
    yield made
    made.runner.close()


def described(desk: Desk) -> dict[str, tuple[str, str, Any]]:
    """Return what the OpenAPI document has, by operationId."""
    paths: dict[str, dict[str, Any]] = desk.app.openapi()["paths"]
    return {
        each["operationId"]: (method.upper(), path, each)
        for path, methods in paths.items()
        for method, each in methods.items()
    }


def call(api: Fuzz, row: Operation, *roles: Role) -> httpx.Response:
    """Call an operation with ids that are none, and with no body worth the name."""
    path = re.sub(r"\{\w+\}", "0" * 32, row.path)
    body = None if row.method == "GET" else {}
    return api.runner.run(api.desk.call(row.method, path, roles, body, by="table-tester", match="none"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_who_may_and_who_may_not(api: Fuzz, row: Operation) -> None:
    """Whoever is not in the row is refused before anything of the request is looked at."""
    for role in Role:
        answer = call(api, row, role)
        if role in row.roles:
            assert answer.status_code not in (401, 405, 500), f"{role}: {answer.text}"
            assert answer.status_code != 403 or code_of(answer) != "forbidden", role
        else:
            assert (answer.status_code, code_of(answer)) == (403, "forbidden"), role
            assert set(answer.json()) == {"type", "title", "status", "detail", "problems"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_all_other_roles_together_may_not_either(api: Fuzz, row: Operation) -> None:
    others = sorted(EVERYBODY - row.roles)
    if others:
        assert call(api, row, *others).status_code == 403
    assert call(api, row).status_code == 403


async def test_what_is_refused_leaves_nothing_behind(desk: Desk) -> None:
    """Every role calls everything that it may not: only the refusals of audited operations are noted."""
    before = dict(desk.services.documents.__dict__)
    refused = 0
    for row in ROWS:
        for role in EVERYBODY - row.roles:
            path = re.sub(r"\{\w+\}", "0" * 32, row.path)
            answer = await desk.call(row.method, path, role, {}, by=f"a-{role}", match="none")
            assert answer.status_code == 403
            refused += bool(row.audited)
    assert {entry.outcome for entry in desk.noted} == {"refused"}
    assert len(desk.noted) == refused
    assert dict(desk.services.documents.__dict__) == before
    assert not any(desk.services.queue.queues.values())  # type: ignore[attr-defined]


async def test_refusals_of_one_caller_do_not_fill_the_trail(desk: Desk) -> None:
    for _ in range(20):
        assert (await desk.call("GET", "/audit", Role.MARKETER, by="ann")).status_code == 403
    await desk.call("GET", "/audit", Role.MARKETER, by="bob")
    assert [(each.by, each.outcome) for each in desk.noted] == [("ann", "refused"), ("bob", "refused")]


def test_rows_and_routes_are_one_to_one(desk: Desk) -> None:
    found = {name: (method, path) for name, (method, path, _) in described(desk).items()}
    assert found == {row.name: (row.method, PREFIX + row.path) for row in ROWS}


def test_the_document_says_what_the_table_says(desk: Desk) -> None:
    for name, (_, _, told) in described(desk).items():
        row = OPERATIONS[name]
        headers = {
            each["name"]: each["required"] for each in told.get("parameters", ()) if each["in"] == "header"
        }
        assert told["x-roles"] == sorted(row.roles), name
        assert told["x-audited"] == row.audited, name
        assert headers.get("Idempotency-Key", False) == row.starts, name
        assert headers.get("If-Match", False) == row.edits, name
        assert ("Break-Glass" in headers) == bool(row.glass), name
        assert {"401", "403", "503"} <= set(told["responses"]), name


class TestRows:
    """What holds of each row by itself."""

    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
    def test_it_makes_sense(self, row: Operation) -> None:
        assert row.roles, "nobody may call it"
        assert row.glass <= row.roles
        assert re.fullmatch(r"[a-z][A-Za-z]+", row.name)
        assert row.summary[0].isupper()
        assert not row.summary.endswith(".")
        assert re.fullmatch(r"(/([a-z0-9-]+|\{[a-z_]+\}))+", row.path)

    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
    def test_reading_changes_nothing_and_changes_are_written_down(self, row: Operation) -> None:
        if row.method == "GET":
            assert row.audited in ("", "read")
            assert not row.starts
            assert not row.edits
        elif row.audited != "change":
            reads = row.audited == "read" and not row.starts
            assert row.starts or reads or row.name in HARMLESS, "it changes something and nobody would know"

    def test_names_and_addresses_are_unique(self) -> None:
        assert len({(row.method, re.sub(r"\{\w+\}", "{}", row.path)) for row in ROWS}) == len(ROWS)

    def test_an_auditor_changes_nothing(self) -> None:
        changes = {row.name for row in ROWS if row.audited == "change" and Role.AUDITOR in row.roles}
        of_the_trail = {"verifyAudit", "exportAudit"}
        assert changes <= of_the_trail | {"cancelOperation"}, "their own long work they may stop"

    def test_marketers_see_no_person(self) -> None:
        """Counts, not people: no operation on one patient, and none whose reading is written down."""
        rows = [row for row in ROWS if Role.MARKETER in row.roles]
        assert [row.name for row in rows if "{patient}" in row.path or row.audited == "read"] == []


@given(st.text(max_size=60))
def test_methods_are_told_for_any_address(path: str) -> None:
    """Whatever stands in an address, the answer is a list of methods."""
    assert set(methods_at(PREFIX + path)) <= {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_methods_of_addresses_that_there_are() -> None:
    assert methods_at(f"{PREFIX}/drafts/1") == ("DELETE", "GET", "PUT")
    assert methods_at(f"{PREFIX}/nothing") == ()
