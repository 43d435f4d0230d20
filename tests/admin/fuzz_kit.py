"""What the tests that make requests up share: a hospital in memory, and calls from outside of any loop.

Schemathesis makes requests from the OpenAPI document, right and wrong ones; some of the ids in them are
swapped for those of things that are there, so that not all of them end at a 404.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import schemathesis
from schemathesis.checks import CHECKS

from shared.access.operation import Operation
from shared.access.roles import Role
from shared.access.table import OPERATIONS
from tests.admin.admin_kit import Desk, heard
from tests.admin.admin_world import World, made

CHECKS_LEFT_OUT = frozenset(
    {
        "positive_data_acceptance",  # right by the schema may be wrong by what it means
        "ignored_auth",  # judged by tests/admin/test_admin_tokens.py: here the caller is made up
        "unsupported_method",  # judged by test_no_other_method_is_answered
        "max_response_time",
    }
)


REFUSALS = [str(status) for status in (400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428)]
CONFIG = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}}
)
"""Its own list of what counts as refused lacks 412: an ETag that breaks the schema is none that was read."""


@dataclass
class Fuzz:
    """The API over a hospital, called from outside of any event loop."""

    runner: asyncio.Runner
    world: World
    schema: Any
    answers: dict[tuple[str, int], int] = field(default_factory=dict)
    """How often each operation gave each status."""

    def __post_init__(self) -> None:
        """Find the operations by name."""
        found = [each.ok() for each in self.schema.get_all_operations()]
        self.operations = {each.definition.raw["operationId"]: each for each in found}

    @property
    def desk(self) -> Desk:
        return self.world.desk

    def send(self, case: Any, role: Role, by: str = "fuzz") -> httpx.Response:
        """Send a made-up request in a role."""
        headers = {name: value for name, value in (case.headers or {}).items() if _can_be_sent(value)}
        headers["Authorization"] = f"Test {by} {role}"
        kwargs = case.as_transport_kwargs(base_url="http://hearthline.test")
        sent = {
            "method": kwargs["method"],
            "url": kwargs["url"],
            "params": kwargs.get("params"),
            "headers": {**headers, **_content_type(kwargs)},
            **{name: kwargs[name] for name in ("json", "content", "files") if name in kwargs},
        }
        if "data" in kwargs:
            sent["content" if isinstance(kwargs["data"], bytes | str) else "data"] = kwargs["data"]
        answer = self.runner.run(self._sent(sent))
        name = case.operation.definition.raw["operationId"]
        place = (name, answer.status_code)
        self.answers[place] = self.answers.get(place, 0) + 1
        return answer

    async def _sent(self, sent: Mapping[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.desk.app)
        async with httpx.AsyncClient(transport=transport) as client:
            return heard(await client.request(**sent))


def fuzz() -> Fuzz:
    """Make the hospital."""
    runner = asyncio.Runner()
    world = runner.run(made())
    return Fuzz(
        runner,
        world,
        schemathesis.openapi.from_dict(_without_tokens(world.desk.app.openapi()), config=CONFIG),
    )


def _without_tokens(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document as if nobody had to prove anything: who calls is made up here, and not by it."""
    bare: dict[str, Any] = json.loads(json.dumps(document))
    del bare["components"]["securitySchemes"]
    for each in (each for path in bare["paths"].values() for each in path.values()):
        each.pop("security", None)
    return bare


def operation_of(case: Any) -> Operation:
    """Return the row of the table that a request is of."""
    return OPERATIONS[case.operation.definition.raw["operationId"]]


def fit(row: Operation) -> Role:
    """Return a role that may call an operation, and sees what it shows."""
    return Role.CLINICAL_USER if Role.CLINICAL_USER in row.roles else min(row.roles)


def aim(case: Any, known: Mapping[str, str]) -> None:
    """Let a request be about what is there: ids in its path are those of the hospital."""
    for name in list(case.path_parameters or {}):
        if name in known:
            case.path_parameters[name] = known[name]


def judge(case: Any, answer: httpx.Response, role: Role) -> None:
    """See that an answer is documented, and that nobody got further than the table lets them."""
    operation = operation_of(case)
    if role not in operation.roles:
        nowhere = answer.status_code in {404, 405} and "there is nothing here by that name" in answer.text
        assert answer.status_code == 403 or nowhere, (operation.name, role, answer.status_code)
    left_out = [CHECKS.get_one(check) for check in CHECKS_LEFT_OUT if check in CHECKS.get_all_names()]
    case.validate_response(answer, excluded_checks=left_out)


def _can_be_sent(value: object) -> bool:
    """Say whether HTTP has room for a header's value: servers see no others."""
    text = str(value)
    return text.isascii() and text.isprintable() and text == text.strip()


def _content_type(kwargs: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value for name, value in (kwargs.get("headers") or {}).items() if name.lower() == "content-type"
    }
