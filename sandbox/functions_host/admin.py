"""`/admin/…`: the host's status, a ping, and running a function by hand, as in Azure.

Source: https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

import msgspec

from sandbox.functions_host.http_codec import HttpCall, HttpReply

_JSON = (("Content-Type", "application/json"),)
_FUNCTIONS = "/admin/functions/"


class FunctionStatus(msgspec.Struct, frozen=True, rename="camel"):
    """One function's counts since the host began."""

    name: str
    trigger: str
    in_flight: int
    executed: int
    failed: int


class HostStatus(msgspec.Struct, frozen=True, rename="camel"):
    """What `GET /admin/host/status` answers; `timers_caught_up_to` in microseconds UTC by its clock."""

    state: str
    functions: tuple[FunctionStatus, ...]
    timers_caught_up_to: int
    now: int


class _RunBody(msgspec.Struct, frozen=True):
    """The body of a run by hand; a queue function's message is its input."""

    input: str = ""


class Admin:
    """Answers admin requests; `open_status` shows the status to this machine without a key."""

    def __init__(
        self, status: Callable[[], HostStatus], run: Callable[[str, str], Awaitable[bool]], open_status: bool
    ) -> None:
        self._status = status
        self._run = run
        self._open_status = open_status

    async def __call__(self, call: HttpCall, master: bool) -> HttpReply:
        """Answer one request; `master` says that it shows the master key."""
        if call.path == "/admin/host/ping":
            return HttpReply(200)
        if call.path == "/admin/host/status" and call.method == "GET":
            allowed = master or (self._open_status and _local(call.peer))
            return HttpReply(200, _JSON, msgspec.json.encode(self._status())) if allowed else HttpReply(401)
        if call.path.startswith(_FUNCTIONS) and call.method == "POST":
            return await self._by_hand(call) if master else HttpReply(401)
        return HttpReply(404 if master else 401)

    async def _by_hand(self, call: HttpCall) -> HttpReply:
        try:
            body = msgspec.json.decode(call.body or b"{}", type=_RunBody)
        except msgspec.MsgspecError:
            return HttpReply(400)
        known = await self._run(unquote(call.path[len(_FUNCTIONS) :]), body.input)
        return HttpReply(202 if known else 404)


def _local(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
