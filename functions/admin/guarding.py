"""The guard around every handler: who calls, may they, what must they bring, and what is written down of it.

The order matters: nothing of a body is looked at before the caller is known and allowed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from uuid import uuid4

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from functions.admin.call import Call, roles_told
from functions.admin.idempotency import once
from functions.admin.limits import check_body
from functions.admin.problems import Refusal, of_error, of_http, of_validation
from shared.access.operation import Operation
from shared.access.roles import Caller
from shared.access.table import OPERATIONS
from shared.errors import HearthlineError
from shared.usecases.services import Services

type Handler = Callable[[Request], Coroutine[Any, Any, Response]]
type Ready = Callable[[], Awaitable[Services]]
type Authenticate = Callable[[Request], Awaitable[Caller]]

LEAST_REASON = 8
"""Characters of a reason for which the glass is broken."""


class Guarded(APIRoute):
    """A route of the table."""

    def get_route_handler(self) -> Handler:
        """Put the guard around what FastAPI makes of a handler."""
        inner, operation = super().get_route_handler(), OPERATIONS[self.operation_id or ""]

        async def handle(request: Request) -> Response:
            try:
                return await _guarded(request, operation, inner)
            except HearthlineError as error:
                return of_error(error)
            except RequestValidationError as error:
                return of_validation(error)
            except HTTPException as error:
                return of_http(error)

        return handle


async def _guarded(request: Request, operation: Operation, inner: Handler) -> Response:
    caller = await request.app.state.authenticate(request)
    call = _call(request, await request.app.state.ready(), caller, operation)
    request.state.call = call
    if not operation.allows(caller):
        if operation.audited:
            await call.note("refused")
        wanted = roles_told(operation.roles)
        raise Refusal(403, "forbidden", f"{operation.name} is for these roles: {wanted}")
    _check_headers(call, request)
    await check_body(request)
    answer = await once(call, request, lambda: _noted(call, inner, request))
    answer.headers["X-Request-Id"] = call.request_id
    answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _call(request: Request, services: Services, caller: Caller, operation: Operation) -> Call:
    headers = request.headers
    return Call(
        services=services,
        caller=caller,
        operation=operation,
        request_id=str(uuid4()),
        key=headers.get("idempotency-key", "") if operation.starts else "",
        if_match=_unquoted(headers.get("if-match", "")),
        glass=headers.get("break-glass", "").strip() if caller.has(operation.glass) else "",
        address=headers.get("x-forwarded-for", "").split(",")[0].strip()[:64],
    )


def _unquoted(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')


def _check_headers(call: Call, request: Request) -> None:
    if call.operation.starts and not 8 <= len(call.key) <= 200:
        raise Refusal(
            400, "idempotency-key-required", "header Idempotency-Key must be there, of 8 to 200 characters"
        )
    if call.operation.edits and not call.if_match:
        raise Refusal(428, "if-match-required", "header If-Match must name the ETag that was read")
    if call.glass and len(call.glass) < LEAST_REASON:
        raise Refusal(400, "reason-required", "header Break-Glass must say why, in some words")


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
