"""Requests made up from the OpenAPI document, in every role: no bug, no undocumented answer, no way around.

Set HEARTHLINE_FUZZ to a number of requests per operation for a longer look.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import GenerationMode

from shared.access.roles import Role
from shared.access.table import OPERATIONS
from tests.admin.admin_kit import code_of
from tests.admin.fuzz_kit import Fuzz, aim, fit, fuzz, judge, operation_of

REQUESTS = int(os.environ.get("HEARTHLINE_FUZZ", "20"))
_QUIET = settings(
    max_examples=REQUESTS,
    deadline=None,
    database=None,
    derandomize="HEARTHLINE_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def api() -> Iterator[Fuzz]:
    made = fuzz()
    yield made
    made.runner.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_brings_about_a_bug_or_an_answer_that_is_not_documented(api: Fuzz, name: str) -> None:
    """Right and wrong ones by the schema; whoever is not among the operation's roles gets a 403."""
    cases = st.one_of(*(api.operations[name].as_strategy(generation_mode=mode) for mode in GenerationMode))

    @given(case=cases, role=st.sampled_from(Role), aimed=st.booleans())
    @_QUIET
    def holds(case: object, role: Role, aimed: bool) -> None:
        if aimed:
            aim(case, api.world.known)
        answer = api.send(case, role)
        judge(case, answer, role)

    holds()


@pytest.mark.parametrize("name", OPERATIONS)
def test_nobody_gets_anywhere_without_a_token(api: Fuzz, name: str) -> None:
    """Also where what is asked for is not there, and whatever else is wrong."""
    path = "/".join(
        api.world.known.get(part.strip("{}"), "0" * 32) if part.startswith("{") else part
        for part in OPERATIONS[name].path.split("/")
    )
    answer = api.runner.run(
        api.desk.call(OPERATIONS[name].method, path, body={}, headers={"Authorization": ""})
    )
    assert (answer.status_code, code_of(answer)) == (401, "unauthenticated")


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_other_method_is_answered(api: Fuzz, name: str) -> None:
    """A path answers the methods of its rows, and a problem document to all others."""
    path = OPERATIONS[name].path
    taken = {row.method for row in OPERATIONS.values() if row.path == path}
    known = {each: api.world.known.get(each, "0" * 32) for each in ("patient", "operation")}
    filled = path
    for part in path.split("/"):
        if part.startswith("{"):
            filled = filled.replace(part, known.get(part.strip("{}"), "0" * 32))
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - taken:
        answer = api.runner.run(api.desk.call(method, filled))
        if answer.status_code != 405:  # another row's path may fit: /segments/preview is a {segment} too
            assert answer.status_code in {403, 404, 422, 428}
        assert answer.headers["content-type"] == "application/problem+json"


def test_what_one_answer_names_another_operation_takes(api: Fuzz) -> None:
    """Chains of requests: what is created is read, edited, followed, cancelled, by links and by ids."""
    machine = api.schema.as_state_machine()

    class Chains(machine):  # type: ignore[misc, valid-type]  # made at run time
        def call(self, case: Any, **_: Any) -> Any:
            self.role = fit(operation_of(case))
            return schemathesis.Response.from_any(api.send(case, self.role))

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            judge(case, response, self.role)

    run_state_machine_as_test(
        Chains,
        settings=settings(_QUIET, max_examples=max(REQUESTS // 2, 5), stateful_step_count=8),
    )
