"""Health: alive means that this process answers; ready, that storage, catalogue and senders can be had.

Senders are the number and the address that messages come from: where Communication Services do not know them,
nothing can be sent, and operators read why.
"""

from __future__ import annotations

import json

import azure.functions as func

from functions.entries import entry
from functions.serving import answer, problem
from shared.bootstrap import senders
from shared.usecases.publish import CATALOGUE, CURRENT
from shared.usecases.services import Services

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
    """Say that storage can be read, the catalogue is in force and our senders are ours; 503 while not."""
    return await answer(_ready)


async def _ready(services: Services) -> func.HttpResponse:
    await services.documents.get(CATALOGUE, CURRENT)  # the definitions would answer from memory
    catalogue = await services.definitions.current()
    found = await senders()
    if found.problems:
        return problem(503, "senders", "; ".join(found.problems))
    notes = {"notes": list(found.notes)} if found.notes else {}
    body = json.dumps({"status": "ready", "catalogue": catalogue.version, **notes})
    return func.HttpResponse(body, mimetype="application/json")
