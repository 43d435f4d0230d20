"""The guard around every handler: who calls, may they, what must they bring, and what is written down of it.

The order matters: nothing of a body is looked at before the caller is known and allowed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from functions.admin.call import Call, roles_told
from functions.admin.idempotency import once
from functions.admin.limits import Sent, check_address, check_body
from functions.admin.problems import Refusal, of_error, of_http, of_validation
from shared.access.operation import Operation
from shared.access.roles import Caller
from shared.access.table import OPERATIONS
from shared.errors import HearthlineError, Unauthenticated
from shared.usecases.services import Services

if TYPE_CHECKING:
    from fastapi._compat import ModelField
    from fastapi.dependencies.models import Dependant

logger = logging.getLogger("hearthline")

type Handler = Callable[[Request], Coroutine[Any, Any, Response]]
type Ready = Callable[[], Awaitable[Services]]
type Authenticate = Callable[[Request], Awaitable[Caller]]

LEAST_REASON = 8
"""Characters of a reason for which the glass is broken."""
MOST_REASON = 200

_PATIENT = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[!-~]{8,200}")


class Guarded(APIRoute):
    """A route of the table."""

    def get_route_handler(self) -> Handler:
        """Put the guard around what FastAPI makes of a handler."""
        inner, operation = (
            _known_query(self, super().get_route_handler()),
            OPERATIONS[self.operation_id or ""],
        )

        async def handle(request: Request) -> Response:
            request_id = str(uuid4())
            try:
                answer = await _guarded(Sent(request.scope, request.receive), request_id, operation, inner)
            except HearthlineError as error:
                answer = of_error(error)
            except RequestValidationError as error:
                answer = of_validation(error)
            except HTTPException as error:
                answer = of_http(error)
            answer.headers["X-Request-Id"] = request_id
            answer.headers.setdefault("Cache-Control", "no-store")
            answer.headers["X-Content-Type-Options"] = "nosniff"
            return answer

        return handle


def _known_query(route: APIRoute, inner: Handler) -> Handler:
    """Refuse parameters that there are not: a filter with a slip in its name would show everything."""
    known = {each.alias for each in _query_of(route.dependant)}

    async def handle(request: Request) -> Response:
        if unknown := len(request.query_params.keys() - known):
            told = ", ".join(sorted(known)) or "none"
            raise Refusal(
                422, "unknown-parameter", f"{unknown} not known; there are these parameters: {told}"
            )
        return await inner(request)

    return handle


def _query_of(dependant: Dependant) -> Iterator[ModelField]:
    yield from dependant.query_params
    for part in dependant.dependencies:
        yield from _query_of(part)


async def _guarded(request: Sent, request_id: str, operation: Operation, inner: Handler) -> Response:
    caller = await _known(request, operation)
    call = _call(request, request_id, await request.app.state.ready(), caller, operation)
    request.state.call = call
    if not operation.allows(caller):
        await call.note_refusal(_patient_in(request))
        wanted = roles_told(operation.roles)
        raise Refusal(403, "forbidden", f"{operation.name} is for these roles: {wanted}")
    check_address(request)
    _check_headers(call)
    await check_body(request, caller)
    try:
        return await once(call, request, lambda: _noted(call, inner, request))
    finally:
        if call.services.happened is not None:
            await call.services.happened.flush()


async def _known(request: Request, operation: Operation) -> Caller:
    try:
        caller: Caller = await request.app.state.authenticate(request)
    except Unauthenticated as error:
        logger.warning("the admin API knows no caller of %s: %s", operation.name, error.reason)
        raise
    return caller


def _patient_in(request: Request) -> str:
    """Return whom the address names by opaque key, or ""."""
    about = str(request.path_params.get("patient", ""))
    return about if _PATIENT.fullmatch(about) else ""


def _call(
    request: Request, request_id: str, services: Services, caller: Caller, operation: Operation
) -> Call:
    headers = request.headers
    return Call(
        services=services,
        caller=caller,
        operation=operation,
        request_id=request_id,
        denied=request.app.state.denied,
        key=headers.get("idempotency-key", "") if operation.starts else "",
        if_match=_unquoted(headers.get("if-match", "")),
        glass=_text(headers.get("break-glass", "")).strip() if caller.has(operation.glass) else "",
        address=_address(headers.get("x-forwarded-for", "")),
    )


def _text(header: str) -> str:
    """Read what a header says in UTF-8; Starlette reads Latin-1."""
    return header.encode("latin-1", "replace").decode("utf-8", "replace")


def _address(forwarded: str) -> str:
    """Return the address that the platform saw, which is the last entry, without its port."""
    last = forwarded.rpartition(",")[2].strip()
    host = last.partition("]")[0].removeprefix("[") if last.startswith("[") else last
    host = host.partition(":")[0] if host.count(":") == 1 else host
    try:
        return str(ip_address(host))
    except ValueError:
        return ""


def _unquoted(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')


def _check_headers(call: Call) -> None:
    if call.operation.starts and not _KEY.fullmatch(call.key):
        raise Refusal(
            400, "idempotency-key-required", "header Idempotency-Key must be there, of 8 to 200 characters"
        )
    if call.operation.edits and not call.if_match:
        raise Refusal(428, "if-match-required", "header If-Match must name the ETag that was read")
    if call.operation.edits and call.if_match == "*":
        raise Refusal(
            412, "changed", "header If-Match must name the ETag that was read: * is whatever is there"
        )
    if call.glass and not LEAST_REASON <= len(call.glass) <= MOST_REASON:
        raise Refusal(400, "reason-required", "header Break-Glass must say why, in 8 to 200 characters")


async def _noted(call: Call, inner: Handler, request: Request) -> Response:
    """Run the handler; a change that was begun is ended in the trail, whatever came of it."""
    try:
        answer = await inner(request)
    except BaseException:
        if call.noted and call.operation.audited == "change":
            await call.note("failed")
        raise
    if call.operation.audited and not call.noted and answer.status_code < 400:
        raise AssertionError(f"{call.operation.name} wrote nothing into the audit trail")
    if call.noted and call.operation.audited == "change":
        await call.note("done")
    return answer
