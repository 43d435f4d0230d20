"""The one HTTP trigger in front of the admin API; the application is built at its first request."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import azure.functions as func

from functions.admin.bridge import through
from functions.entries import Failure, entry
from functions.serving import logger, problem
from shared.bootstrap import services, verify_caller
from shared.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from shared.access.roles import Caller

ROUTE = "{api:regex(^admin$)}/v1/{*rest}"
"""Says admin/v1/{*rest}: the host refuses routes whose text begins with "admin", whatever stands before them.

ScriptHost.ValidateHttpFunction of https://github.com/Azure/azure-functions-host, and its issue 1781.
"""
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]

blueprint = func.Blueprint()


@entry
async def admin(req: func.HttpRequest) -> func.HttpResponse:
    """Hand a request to the application; tokens are judged there, so that no function key is needed."""
    return await through(_application(), req)


@blueprint.function_name("admin")
@blueprint.route(ROUTE, methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
async def answered(req: func.HttpRequest) -> func.HttpResponse:
    """Answer a request; a bug by a problem document too. What the log says of it quotes nobody."""
    try:
        return await admin(req)
    except Failure as bug:
        logger.error("the admin API failed: %s", bug)
        return problem(500, "failure", "this is a fault of ours; the log says more")


@cache
def _application() -> ASGIApp:
    from functions.admin.app import build  # FastAPI: half of a cold start, for those alone who ask

    return build(services, _authenticate)


async def _authenticate(request: Request) -> Caller:
    try:
        return await verify_caller({name.lower(): value for name, value in request.headers.items()})
    except Invalid:  # the settings: which are wrong is no stranger's business, health/ready says it
        raise Unavailable("the settings are wrong") from None
