"""Health: live means that this process answers; ready, that all that it works with can be had, each by name.

Live touches nothing: whoever restarts what is not live must not restart us because another system is away.
Ready asks for settings, storage, queues, catalogue and senders, for some seconds at most. The FHIR server is
not asked: while it is away changes wait on their queue, no restart brings it back, and this door is open to
anybody. docs/host.md says who should ask which.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import azure.functions as func

from functions.entries import entry
from shared.bootstrap import reach_queues, senders, services
from shared.config import wrong_settings
from shared.errors import Conflict, Invalid, Unavailable
from shared.usecases.publish import CATALOGUE, CURRENT

type Check = Callable[[], Awaitable[str]]
"""Returns what is worth knowing, or ""; raises Unavailable or Invalid where it is not well."""

SECONDS = 4.0
"""How long the checks may take, which run side by side: who asks gets an answer within five seconds."""

OK = "ok"

blueprint = func.Blueprint()


@blueprint.function_name("live")
@blueprint.route("health/live", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def live(req: func.HttpRequest) -> func.HttpResponse:
    """Say that this process answers."""
    return func.HttpResponse('{"status": "live"}', mimetype="application/json")


@blueprint.function_name("ready")
@blueprint.route("health/ready", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@entry
async def ready(req: func.HttpRequest) -> func.HttpResponse:
    """Say that we can work, with the catalogue's version; 503 with what cannot be had while not."""
    return await answered(CHECKS, SECONDS)


async def answered(checks: Mapping[str, Check], seconds: float) -> func.HttpResponse:
    """Make the checks, at the same time, and tell each by name: "ok" or a sentence without secrets."""
    wrong = wrong_settings()
    if wrong:
        return _not_ready({"settings": f"wrong or missing: {', '.join(wrong)}; the log says why"})
    tasks = {name: _once(name, check) for name, check in checks.items()}
    await asyncio.wait(tasks.values(), timeout=seconds)
    found = {"settings": OK, **{name: _state(task) for name, task in tasks.items()}}
    if set(found.values()) != {OK}:
        return _not_ready(found)
    told = {name: task.result() for name, task in tasks.items() if task.result()}
    return func.HttpResponse(
        json.dumps({"status": "ready", **told, "checks": found}), mimetype="application/json"
    )


_under_way: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Task[str]] = {}


def _once(name: str, check: Check) -> asyncio.Task[str]:
    """Begin a check unless it is under way: however many ask, and however long a system hangs, it is one."""
    key = asyncio.get_running_loop(), name
    if key not in _under_way:
        _under_way[key] = asyncio.ensure_future(_made(check))
        _under_way[key].add_done_callback(lambda _: _under_way.pop(key))
    return _under_way[key]


async def _made(check: Check) -> str:
    return await check()


def _state(task: asyncio.Task[str]) -> str:
    if not task.done():
        return "no answer in time"
    match task.exception():
        case None:
            return OK
        case Unavailable() as unavailable:
            return unavailable.reason
        case Invalid():
            return "what is published cannot be used; the log says why"
        case Conflict():
            return "somebody publishes just now"
        case bug:
            raise bug


def _not_ready(found: Mapping[str, str]) -> func.HttpResponse:
    detail = "; ".join(f"{name}: {state}" for name, state in found.items() if state != OK)
    about = {"type": "urn:hearthline:problem:not-ready", "title": "not ready", "status": 503}
    return func.HttpResponse(
        json.dumps({**about, "detail": detail, "checks": found}),
        status_code=503,
        mimetype="application/problem+json",
        headers={"Retry-After": "5"},
    )


async def _storage() -> str:
    """Read a row; at first the tables are made where they are missing."""
    await (await services()).documents.get(CATALOGUE, CURRENT)
    return ""


async def _queues() -> str:
    """Reach the transport in use, by the queue that everything starts on; at first it may have to be made."""
    with suppress(Unavailable):  # tables may be away while queues are not
        await services()
    await reach_queues()
    return ""


async def _catalogue() -> str:
    """Return the version in force."""
    return (await (await services()).definitions.current()).version or "nothing is published"


async def _senders() -> str:
    """Return what could not be found out about our senders; what is wrong with them is not well."""
    try:
        found = await asyncio.wait_for(senders(), SECONDS / 2)
    except TimeoutError:
        return "Communication Services have not told yet whether our senders are theirs"
    if found.problems:
        raise Unavailable("; ".join(found.problems))
    return "; ".join(found.notes)


CHECKS: Mapping[str, Check] = {
    "storage": _storage,
    "queues": _queues,
    "catalogue": _catalogue,
    "senders": _senders,
}
