"""The path that every send takes, whatever its API: signature → reading → faults → acceptance → answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import orjson
from aiohttp import web

from sandbox.acs.faults import Plan, Rule
from sandbox.acs.service import Outcome, Service
from sandbox.acs.store import Draft, Request

Read = Callable[[web.Request, bytes], list[Draft]]
Answer = Callable[[web.Request, Sequence[Outcome]], web.Response]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Item = tuple[Draft, Request, Plan]


class MalformedError(ValueError):
    """The request cannot be read; its text goes into the 400."""


def sending(service: Service, read: Read, answer: Answer) -> Handler:
    """Make the handler of one channel's send call."""

    async def handle(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if not service.gate.admits(request, raw):
            return problem(401, "Denied", "Denied by the resource provider.")
        try:
            drafts = read(request, raw)
        except (MalformedError, msgspec.DecodeError) as error:
            return problem(400, "BadRequest", str(error))
        called = [(draft, service.store.called(draft)) for draft in drafts]
        items = [(draft, known, service.faults.plan(draft, known.calls)) for draft, known in called]
        return await _perform(service, request, items, answer)

    return handle


async def _perform(
    service: Service, request: web.Request, items: Sequence[_Item], answer: Answer
) -> web.StreamResponse:
    if any(known.busy and draft.channel == "email" for draft, known, _ in items):
        return problem(409, "Conflict", "The original request is still in progress.")
    await _linger(items, "slow")
    early = _first(items, "status", "drop")
    if early:
        return _fail(request, early)
    outcomes = [service.settle(draft, known, plan) for draft, known, plan in items]
    await _linger(items, "accept-slow")
    late = _first(items, "accept-status", "accept-drop")
    return _fail(request, late) if late else answer(request, outcomes)


async def _linger(items: Sequence[_Item], deed: str) -> None:
    """Wait where a rule says so; a repeat that comes meanwhile finds the first in progress."""
    rule = _first(items, deed)
    if rule is None:
        return
    for _, known, _ in items:
        known.busy = True
    try:
        await asyncio.sleep(rule.ms / 1000)
    finally:
        for _, known, _ in items:
            known.busy = False


def _first(items: Sequence[_Item], *deeds: str) -> Rule | None:
    found = (plan.first(*deeds) for _, _, plan in items)  # type: ignore[arg-type]  # deeds are literals here
    return next((rule for rule in found if rule), None)


def _fail(request: web.Request, rule: Rule) -> web.Response:
    if rule.do in ("drop", "accept-drop"):
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    response = problem(rule.status, "SandboxFault", "Failed on demand.")
    if rule.retry_after is not None:
        response.headers["Retry-After"] = f"{rule.retry_after:g}"
    return response


def problem(status: int, code: str, message: str) -> web.Response:
    """Answer an error as Azure data planes do."""
    response = reply({"error": {"code": code, "message": message}}, status)
    response.headers["x-ms-error-code"] = code
    return response


def reply(value: object, status: int = 200) -> web.Response:
    """Answer JSON."""
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


def require_version(request: web.Request) -> None:
    """Insist on api-version, as ACS does. Raises MalformedError."""
    if "api-version" not in request.query:
        raise MalformedError("The api-version query parameter is required.")
