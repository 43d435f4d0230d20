"""Routes from the table: a handler names its operation, and all else about it comes from there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from functions.admin.guarding import Guarded
from functions.admin.problems import MEDIA_TYPE, ProblemDocument
from shared.access.operation import Operation
from shared.access.table import OPERATIONS, ROOT

PREFIX = ROOT

_ALWAYS = {
    400: "The request is not well formed",
    401: "No valid token came along",
    403: "The caller's roles do not allow it",
    413: "The body is too large",
    422: "What was sent, or asked for, cannot be",
    503: "Something that is needed cannot be had now",
}
_MISSING = {404: "There is no such thing"}
_SENDS = {415: "The body is no JSON by its Content-Type"}
_STARTS = {409: "The same request is under way, or somebody else was first"}
_EDITS = {412: "It has changed since it was read", 428: "If-Match is missing"}


class Routes:
    """A router of the table: `@routes("listSegments")` registers a handler under its row."""

    def __init__(self, tag: str) -> None:
        self.router = APIRouter(prefix=PREFIX, tags=[tag], route_class=Guarded)

    def __call__[**P, T](
        self, name: str, *, status: int = 200, **more: Any
    ) -> Callable[[Callable[P, T]], Callable[P, T]]:
        """Register a handler for an operation, which answers with `status` where all goes well."""
        operation = OPERATIONS[name]
        return self.router.api_route(
            operation.path,
            methods=[operation.method],
            operation_id=name,
            summary=operation.summary,
            status_code=status,
            responses={**_refusals(operation), **_followed(status), **more.pop("responses", {})},
            openapi_extra=_described(operation),
            response_model_exclude_none=False,
            **more,
        )


def _followed(status: int) -> dict[int | str, dict[str, Any]]:
    """Say where long work is followed, and how it is ended."""
    if status != 202:
        return {}
    parameters = {"operation": "$response.body#/operation"}
    leads = {"follow": "getOperation", "cancel": "cancelOperation"}
    links = {name: {"operationId": to, "parameters": parameters} for name, to in leads.items()}
    return {202: {"description": "It has been started: follow the operation", "links": links}}


def _refusals(operation: Operation) -> dict[int | str, dict[str, Any]]:
    told = dict(_ALWAYS)
    if "{" in operation.path:
        told |= _MISSING
    if operation.method != "GET":
        told |= _SENDS
    if operation.starts or operation.audited == "change":
        told |= _STARTS
    if operation.edits:
        told |= _EDITS
    return {status: refusal(what) for status, what in sorted(told.items())}


def refusal(what: str) -> dict[str, Any]:
    """Describe a refusal: for a status of a handler's own, in its `responses`."""
    schema = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
    return {"description": what, "content": {MEDIA_TYPE: {"schema": schema}}}


def _described(operation: Operation) -> dict[str, Any]:
    headers = [_header(*each) for each in _headers(operation)]
    extra: dict[str, Any] = {"x-roles": sorted(operation.roles), "security": [{"entra": []}]}
    return {**extra, "x-audited": operation.audited, **({"parameters": headers} if headers else {})}


def _headers(operation: Operation) -> list[tuple[str, bool, str]]:
    told = []
    if operation.starts:
        told.append(("Idempotency-Key", True, "Yours, of 8 to 200 characters: the same is done once"))
    if operation.edits:
        told.append(("If-Match", True, "The ETag that was read"))
    if operation.glass:
        told.append(("Break-Glass", False, "Why you must see more of this person than your role shows"))
    return told


def _header(name: str, required: bool, what: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": 8, "maxLength": 200}
    if name == "Idempotency-Key":
        schema["pattern"] = "^[!-~]+$"
    if name == "If-Match":
        schema = {"type": "string", "minLength": 1, "maxLength": 200}
    return {"name": name, "in": "header", "required": required, "description": what, "schema": schema}
