"""Problem documents (RFC 9457) for whatever goes wrong: a stable type, the field, what was expected.

Nothing that somebody sent is quoted: it may be a patient's.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from functions.admin.faults import said
from shared.access.table import methods_at
from shared.authoring import path_text
from shared.errors import (
    Conflict,
    HearthlineError,
    Invalid,
    Rejected,
    Unauthenticated,
    Unavailable,
    Unreadable,
)

logger = logging.getLogger("hearthline")

MEDIA_TYPE = "application/problem+json"
URN = "urn:hearthline:problem:"


class Fault(BaseModel):
    """One thing that is wrong in what was sent."""

    where: str = Field(description="The field", examples=["body.steps[2].template"])
    what: str = Field(examples=["is too large"])
    expected: str = Field("", examples=["200 or less"])


class ProblemDocument(BaseModel):
    """What every refusal and failure is answered with."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": f"{URN}invalid",
                    "title": "invalid",
                    "status": 422,
                    "detail": "1 thing is wrong in what was sent",
                    "problems": [{"where": "query.limit", "what": "is too large", "expected": "200 or less"}],
                }
            ]
        }
    )

    type: str = Field(description="Stable: urn:hearthline:problem:CODE; docs/api.md lists the codes")
    title: str
    status: int
    detail: str
    problems: list[Fault] = []


class Refusal(HearthlineError):
    """A request that cannot be carried out as it stands; `code` and `detail` as in a problem document."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers = dict(headers or {})


_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def answered(
    status: int,
    code: str,
    detail: str,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem document."""
    body = ProblemDocument(
        type=URN + code, title=code.replace("-", " "), status=status, detail=detail, problems=list(faults)
    )
    content = body.model_dump(exclude_defaults=False)
    return JSONResponse(content, status, {**_HEADERS, **(headers or {})}, MEDIA_TYPE)


STATUS = {
    "unknown-patient": 404,
    "unknown-message": 404,
    "unknown-queue": 404,
    "too-large": 413,
    "in-settings": 409,
    "name-taken": 409,
    "former-holds": 409,
}
"""Of a Rejected by its code; all others are 422. Those whose names begin with `unknown-` are 404."""


_UNKNOWN = "a valid bearer token must come along"
"""All that callers learn; our log has the reason."""


def of_error(error: HearthlineError) -> Response:
    """Return what one of our own failures is answered with."""
    match error:
        case Refusal():
            return answered(error.status, error.code, error.detail, headers=error.headers)
        case Unauthenticated():
            return answered(401, error.code, _UNKNOWN, headers={"WWW-Authenticate": "Bearer"})
        case Rejected():
            status = STATUS.get(error.code, 404 if error.code.startswith("unknown-") else 422)
            return answered(status, error.code, error.reason)
        case Invalid():
            faults = [Fault(where=p.where, what=p.what, expected=p.expected) for p in error.problems]
            return answered(422, "invalid", _counted(len(faults)), faults)
        case Conflict():
            return answered(409, "conflict", "somebody else was first: read it again and try again")
        case Unavailable():
            logger.warning("unavailable: %s", error.reason)
            after = str(round(error.retry_after or 5))
            told = "something that is needed cannot be had now: try again later"
            return answered(503, "unavailable", told, headers={"Retry-After": after})
        case Unreadable():
            logger.error("unreadable: %s", error)
            return answered(
                503, "unreadable", "what is stored of this patient cannot be read: docs/poison.md"
            )
        case _:
            raise error


def _counted(number: int) -> str:
    return f"{number} thing{' is' if number == 1 else 's are'} wrong in what was sent"


def of_validation(error: RequestValidationError) -> Response:
    """Return what a request is answered with that is not as the OpenAPI says."""
    found = [each for each in error.errors() if each["type"] != "json_invalid"]
    faults = [_fault(each) for each in found]
    if not faults:
        return answered(400, "not-json", "the body is no JSON")
    return answered(422, "invalid", _counted(len(faults)), faults)


def _fault(found: Mapping[str, Any]) -> Fault:
    what, expected = said(found)
    return Fault(where=path_text(tuple(found["loc"])), what=what, expected=expected)


_OF_HTTP = {
    404: "there is nothing here by that name",
    405: "there is no such method here: header Allow names those that are",
}


def of_http(error: HTTPException) -> Response:
    """Return what the framework's own refusals are answered with: no such route, no such method."""
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    detail = _OF_HTTP.get(error.status_code, "the request is not well formed")
    return answered(error.status_code, code, detail, headers=error.headers)


def _of_routing(request: Request, error: HTTPException) -> Response:
    """Add every method of an address: the framework knows only those of the first route that fits."""
    if error.status_code == 405:
        allowed = methods_at(request.scope["path"]) or ("GET",)
        error = HTTPException(405, headers={"Allow": ", ".join(allowed)})
    return of_http(error)


def install(app: FastAPI) -> None:
    """Have every failure answered so."""
    handlers: dict[type[Exception], Callable[[Request, Exception], Response]] = {
        HearthlineError: lambda _, error: of_error(error),  # type: ignore[arg-type]  # Starlette hands each its own
        RequestValidationError: lambda _, error: of_validation(error),  # type: ignore[arg-type]
        HTTPException: _of_routing,  # type: ignore[dict-item]
    }
    for kind, make in handlers.items():
        app.add_exception_handler(kind, _handler(make))


def _handler(
    make: Callable[[Request, Exception], Response],
) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        return make(request, error)

    return handle
