"""What holds of every operation of the admin API: who may call it, and what must come along."""

from __future__ import annotations

import pytest

from shared.access.roles import Role
from tests.admin.admin_kit import Desk, code_of


@pytest.mark.parametrize("role", Role)
async def test_everybody_learns_what_they_may_do(desk: Desk, role: Role) -> None:
    answer = await desk.call("GET", "/me", role)
    assert answer.status_code == 200, answer.text
    assert answer.json()["roles"] == [role]


async def test_nobody_gets_in_without_a_token(desk: Desk) -> None:
    answer = await desk.call("GET", "/me", headers={"Authorization": ""})
    assert (answer.status_code, code_of(answer)) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_what_is_not_there_is_a_problem_document(desk: Desk) -> None:
    answer = await desk.call("GET", "/nothing")
    assert (answer.status_code, code_of(answer)) == (404, "not-found")


async def test_the_openapi_document_is_made(desk: Desk) -> None:
    answer = await desk.call("GET", "/openapi.json")
    assert answer.json()["paths"]["/api/admin/v1/me"]["get"]["x-roles"] == sorted(Role)


async def test_a_filter_with_a_slip_in_its_name_does_not_show_everything(desk: Desk) -> None:
    answer = await desk.call("GET", "/operations", params={"limit": 5, "stauts": "failed"})
    assert (answer.status_code, code_of(answer)) == (422, "unknown-parameter")
    assert "status" in answer.json()["detail"]
    assert "stauts" not in answer.text
