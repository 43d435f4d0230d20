"""What tests of the admin API share: the application over services in memory, called in any role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import Request
from msgspec.structs import replace

from functions.admin.app import build
from functions.admin.routes import PREFIX
from shared.access.roles import Caller, Role
from shared.adapters.memory_trail import MemoryTrail
from shared.errors import Unauthenticated
from shared.ports.trail import AuditEntry
from shared.usecases.services import Services
from tests.nobody import look_through
from tests.unit.memory_kit import Time, in_memory


class Desk:
    """The admin API over services in memory. `services` may be replaced before it is called."""

    def __init__(self, services: Services | None = None, clock: Time | None = None) -> None:
        self.clock = clock or Time()
        self.trail = MemoryTrail()
        self.services = replace(services or in_memory(self.clock), trail=self.trail)
        self.app = build(self._ready, _authenticate)
        self._keys = 0

    async def _ready(self) -> Services:
        return self.services

    async def call(
        self,
        method: str,
        path: str,
        role: Role | tuple[Role, ...] = Role.ADMINISTRATOR,
        body: Any = None,
        *,
        by: str = "",
        key: str = "",
        match: str = "",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Call an operation in some roles; each POST has an Idempotency-Key of its own unless given one."""
        roles = (role,) if isinstance(role, Role) else role
        self._keys += 1
        told = {"Authorization": f"Test {by or 'somebody'} {','.join(roles)}", **(headers or {})}
        if method == "POST":
            told["Idempotency-Key"] = key or f"key-of-test-{self._keys:06d}"
        if match:
            told["If-Match"] = f'"{match}"'
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hearthline.test") as client:
            answer = await client.request(method, PREFIX + path, headers=told, json=body, params=params)
        return heard(answer)

    @property
    def noted(self) -> list[AuditEntry]:
        """Return what is in the audit trail."""
        return self.trail.entries


def heard(answer: httpx.Response) -> httpx.Response:
    """Look whether anybody is named where nobody may be: in addresses, refusals, and what caches may keep."""
    look_through(str(answer.request.url), f"address of {answer.request.method}")
    if answer.status_code >= 400:
        look_through(answer.text, f"refusal of {answer.request.url.path}")
    look_through(str(answer.headers.get("location", "")), "location")
    return answer


def code_of(answer: httpx.Response) -> str:
    """Return the code of a problem document."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    kind: str = answer.json()["type"]
    return kind.removeprefix("urn:hearthline:problem:")


async def _authenticate(request: Request) -> Caller:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme != "Test":
        raise Unauthenticated("no token")
    subject, _, roles = rest.partition(" ")
    return Caller(subject, frozenset(map(Role, filter(None, roles.split(",")))))
